"""A user who logs in gets a token at once, while the cookies are there."""

import logging

from django.contrib.auth.signals import user_logged_in

from . import client, django_conf
from .exceptions import TokenException

LOG = logging.getLogger("component")


def update_user_access_token(sender, request, user, *args, **kwargs):
    """Never in a login's way: what fails is logged by the client, and told at the next need."""
    if request is None or not django_conf.OAUTH_API_URL:
        return
    try:
        client.oauth_client.get_access_token(request)
    except TokenException:
        pass
    except Exception as error:
        LOG.error("no access token was made at the login: %s", type(error).__name__)


user_logged_in.connect(update_user_access_token)
