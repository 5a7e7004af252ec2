"""What ``manage.py check`` says about the settings, before the first request meets it."""

from django.core import checks

from . import _engine, django_conf


@checks.register()
def settings_can_be_used(app_configs, **kwargs):
    found = []
    store = django_conf.STORE
    if store != "vault":
        found.append(checks.Error(_engine.store_refused(store), id="tokenward.E001"))
    url = str(django_conf.OAUTH_API_URL)
    if _engine.is_in_clear(url) and not django_conf.ALLOW_HTTP:
        found.append(checks.Warning(_engine.http_refused(), id="tokenward.W001"))
    return found
