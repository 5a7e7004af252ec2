"""``bkoauth`` as its users know it, kept by Tokenward.

Enters: Django requests, users' names. Leaves: rows of :class:`.models.AccessToken` with a good access token of that very user, or one of
:mod:`.exceptions`. Every name below can be imported before Django's apps are ready and is a function from the start; settings are read
when they are needed.
"""

import importlib
import sys

if __name__ == "tokenward.bkoauth":
    raise ImportError("call tokenward.install_as_bkoauth() first, then import bkoauth")

from .apps import BkoauthConfig

__all__ = [
    "BkoauthConfig",
    "default_app_config",
    "get_access_token",
    "get_access_token_by_user",
    "get_app_access_token",
    "refresh_token",
]

def get_access_token(request):
    """The access token of the request's user, made with the login cookies of the request where there is none."""
    return _client().get_access_token(request)


def get_access_token_by_user(user_id):
    """The access token of a user who is not here, for jobs in the background."""
    return _client().get_access_token_by_user(user_id)


def get_app_access_token():
    """The app's own access token."""
    return _client().get_app_access_token()


def refresh_token(token):
    """A token that is newer than this one. Callers who hold the same one cause one exchange."""
    return _client().refresh_token(token)


def _init_function():
    """Listens for logins of users. Django calls it when its apps are ready; more often does no harm."""
    importlib.import_module(__name__ + ".signals")


def _client():
    return importlib.import_module(__name__ + ".client").oauth_client


def __getattr__(name):
    if name == "oauth_client":
        return _client()
    # For those who look for it. Django from 3.2 on finds the configuration by itself, and warns where it sees this.
    if name == "default_app_config" and sys._getframe(1).f_globals.get("__name__") != "django.apps.config":
        return __name__ + ".BkoauthConfig"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
