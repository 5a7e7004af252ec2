"""A user who logs in gets a token at once, while the cookies are there. Who deletes a row through the ORM has its login forgotten at once."""

import logging

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete

from . import _engine, _mirror, client, django_conf
from .exceptions import TokenException

LOG = logging.getLogger("component")


def update_user_access_token(sender, request, user, *args, **kwargs):
    """Never in a login's way: what fails is logged by the client, and told at the next need."""
    if request is None or not django_conf.OAUTH_API_URL:
        return
    try:
        # By a password, or by Django's test client: there is nothing to show to the token service, and nothing went wrong.
        if not _shows_a_login(request):
            return
        client.oauth_client.get_access_token(request)
    except TokenException:
        pass
    except Exception as error:
        LOG.error("no access token was made at the login: %s", type(error).__name__)


def _shows_a_login(request):
    kept = getattr(request, "session", None) or {}
    names = dict(django_conf.OAUTH_COOKIES_PARAMS or {}).values()
    return _engine.user_of(request) is not None and any(request.COOKIES.get(name) or kept.get(name) for name in names)


def forget_login_of_deleted_row(sender, instance, using, **kwargs):
    """Once the deletion is committed, and never in its way: where it fails, the next call for that user finds the row gone."""
    if django_conf.OAUTH_API_URL and not _mirror.is_own_deletion():
        user, environment = instance.user_id, instance.env_name
        transaction.on_commit(lambda: _forget(user, environment, using), using=using)


def _forget(user, environment, alias):
    try:
        _mirror.forget_deleted(client.oauth_client._app(), user, environment, alias)
    except Exception as error:
        # Its words may come from a database or a file of the machine; those of ours hold no secret.
        said = error if isinstance(error, TokenException) else type(error).__name__
        LOG.warning("a row was deleted, and its login is forgotten the next time that its user is asked for: %s", said)


user_logged_in.connect(update_user_access_token)
post_delete.connect(forget_login_of_deleted_row, sender="bkoauth.AccessToken")
