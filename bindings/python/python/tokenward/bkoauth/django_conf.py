"""The settings, under their old names, read whenever they are asked for.

An environment variable goes before the Django setting of the same name where ``bkoauth`` had it so.
"""

import json
import logging
import os

DEFAULT_EXPIRES_SECONDS = 24 * 60 * 60

_LOG = logging.getLogger("component")


def _setting(name, default=None):
    from django.conf import settings

    return getattr(settings, name, default)


def _text(name):
    return os.environ.get(name, "") or _setting(name, "") or ""


def _fields(name):
    written = os.environ.get(name, "").strip()
    if written:
        try:
            fields = json.loads(written)
        except ValueError:
            fields = None
        if isinstance(fields, dict):
            if fields:
                return fields
        else:
            _LOG.error("the variable %s is no JSON object, so the Django setting of that name is used [TW0207]", name)
    return _setting(name, {}) or {}


def _is_installed():
    package = __name__.rpartition(".")[0]
    entries = _setting("INSTALLED_APPS", ()) or ()
    return any(entry == package or entry.startswith(package + ".") for entry in entries)


_READ = {
    "APP_CODE": lambda: _setting("APP_CODE"),
    "SECRET_KEY": lambda: _setting("SECRET_KEY"),
    "BKAUTH_TOKEN_APP_CODE": lambda: _setting("BKAUTH_TOKEN_APP_CODE") or _setting("APP_CODE"),
    "BKAUTH_TOKEN_SECRET_KEY": lambda: _setting("BKAUTH_TOKEN_SECRET_KEY") or _setting("SECRET_KEY"),
    "OWN_APP_CODE": lambda: _setting("BKAUTH_TOKEN_APP_CODE"),
    "OWN_SECRET_KEY": lambda: _setting("BKAUTH_TOKEN_SECRET_KEY"),
    "RUN_MODE": lambda: _setting("RUN_MODE", "DEVELOP"),
    "ENV_NAME": lambda: "prod" if _setting("RUN_MODE", "DEVELOP") == "PRODUCT" else "test",
    "APIGW_PUBLIC_KEY": lambda: _setting("APIGW_PUBLIC_KEY", ""),
    "EXPIRES_SECONDS": lambda: _setting("EXPIRES_SECONDS", DEFAULT_EXPIRES_SECONDS),
    "OAUTH_API_URL": lambda: _text("OAUTH_API_URL"),
    "OAUTH_COOKIES_PARAMS": lambda: _fields("OAUTH_COOKIES_PARAMS"),
    "OAUTH_PARAMS": lambda: _fields("OAUTH_PARAMS"),
    "IS_BKOAUTH_IN_INSTALLED_APPS": _is_installed,
    "OAUTH_NEED_NEW_TOKEN": lambda: _setting("OAUTH_NEED_NEW_TOKEN", True),
    "BACKEND_TYPE": lambda: _text("BKAUTH_BACKEND_TYPE"),
    # Tokenward's own.
    "STORE": lambda: str(_text("TOKENWARD_BKOAUTH_STORE") or "vault").strip().lower(),
    "HOME": lambda: _setting("TOKENWARD_HOME") or os.environ.get("TOKENWARD_HOME") or None,
    "PROFILE": lambda: _setting("TOKENWARD_BKOAUTH_PROFILE") or None,
    "ALLOW_HTTP": lambda: bool(_setting("TOKENWARD_BKOAUTH_ALLOW_HTTP", False)),
    "FALLBACK": lambda: bool(_setting("TOKENWARD_BKOAUTH_FALLBACK", False)),
    "KEY_FROM_HEADER": lambda: bool(_setting("TOKENWARD_BKOAUTH_KEY_FROM_HEADER", False)),
}


def __getattr__(name):
    try:
        read = _READ[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return read()


def __dir__():
    return sorted([*globals(), *_READ])
