"""A user who logs in gets a token at once, while the cookies are there."""

import logging

from django.contrib.auth.signals import user_logged_in

from . import _engine, client, django_conf
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


user_logged_in.connect(update_user_access_token)
