"""What ``manage.py check`` says about the settings, before the first request meets it.

Errors are what no token can be had with; warnings are what most likely was not meant. Without ``OAUTH_API_URL`` a site asks for no tokens, and
only that is told. Who registers them is ``tokenward._bkoauth_name``, so that they are asked whether or not the app is installed.
"""

import importlib.util
import json
import os
import tokenize
import urllib.parse

from django.conf import settings
from django.core import checks

from tokenward._bkoauth_name import is_called_by_main_alone

from . import _engine, _notes, _suspects, django_conf
from .exceptions import TokenException

_PACKAGE = __name__.rpartition(".")[0]
# How `startproject` begins the key that it draws.
_DRAWN = "django-insecure-"


def settings_can_be_used(app_configs=None, **kwargs):
    found = list(_store())
    if not django_conf.OAUTH_API_URL:
        if django_conf.IS_BKOAUTH_IN_INSTALLED_APPS:
            found.append(_warning("W002", "OAUTH_API_URL is not set, so no token can be had.", "Set it to the token service's address."))
        return found
    found += [*_app(), *_address(), *_cookies(), *_site(), *_servers()]
    # What the engine refuses is told by those above, where they know of it.
    if not any(isinstance(one, checks.Error) for one in found):
        found += _engine_and_home()
    return found


def _store():
    store = django_conf.STORE
    if store != "vault":
        yield _error("E001", _engine.store_refused(store))


def _app():
    if not django_conf.BKAUTH_TOKEN_APP_CODE:
        yield _error("E002", "The app's code is missing.", "Set BKAUTH_TOKEN_APP_CODE, or APP_CODE, as BlueKing's developer center shows it.")
    if not django_conf.BKAUTH_TOKEN_SECRET_KEY:
        yield _error("E003", "The app's secret is missing.", "Set BKAUTH_TOKEN_SECRET_KEY, as BlueKing's developer center shows it.")
    elif not django_conf.OWN_SECRET_KEY and str(django_conf.SECRET_KEY).startswith(_DRAWN):
        yield _warning(
            "W004",
            "BKAUTH_TOKEN_SECRET_KEY is not set, so Django's SECRET_KEY is sent as the app's secret; and that is one which startproject drew.",
            "Set BKAUTH_TOKEN_SECRET_KEY, as BlueKing's developer center shows it.",
        )


def _address():
    url = str(django_conf.OAUTH_API_URL)
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        yield _error("E004", "OAUTH_API_URL is no address.", "Write it with https:// or http:// and the host.")
        return
    for path in _suspects.PATHS.values():
        if path.split("/")[1] in parsed.path.split("/"):
            yield _error("E004", f"OAUTH_API_URL holds the path of the API ({parsed.path}), which is added to it.", "Leave the path out.")
            return
    if _engine.is_in_clear(url) and not django_conf.ALLOW_HTTP:
        yield _warning("W001", _engine.http_refused())


def _cookies():
    wrong = False
    for name in ("OAUTH_COOKIES_PARAMS", "OAUTH_PARAMS"):
        written, kept = os.environ.get(name, "").strip(), getattr(settings, name, None)
        if written and not _is_object(written):
            yield _error("E005", f"The variable {name} is no JSON object.", f'Write it as {{"bk_token": "bk_token"}}, or remove it.')
        elif kept and not isinstance(kept, dict):
            wrong = True
            yield _error("E005", f"{name} is no dict.", "Its keys are the fields' names, its values the cookies'.")
    if wrong:
        return
    kind, fields = django_conf.BACKEND_TYPE, list(django_conf.OAUTH_COOKIES_PARAMS)
    if kind not in ("", "bk_token", "bk_ticket"):
        yield _warning(
            "W007",
            f"BKAUTH_BACKEND_TYPE = {kind!r} is not known, and taken for the auth api.",
            "Set it to 'bk_token' for SSM, or to 'bk_ticket' for the auth api.",
        )
    elif fields:
        found = _suspects.contradiction(_suspects.dialect_of(kind), fields)
        if found:
            yield _warning("W006", f"{found[1]}.", f"{found[2][0].upper()}{found[2][1:]}.")
    if not fields:
        yield _warning(
            "W005",
            "OAUTH_COOKIES_PARAMS is empty, so no request makes a token for its user.",
            "For SSM set OAUTH_COOKIES_PARAMS = {'bk_token': 'bk_token'}.",
        )


def _site():
    if not django_conf.IS_BKOAUTH_IN_INSTALLED_APPS:
        yield _warning(
            "W003",
            f"{_PACKAGE!r} is not in INSTALLED_APPS: tokens are handed out, but no row shows them, and none is made when a user logs in.",
            f"Add {_PACKAGE!r} to INSTALLED_APPS, and run migrate.",
        )


def _servers():
    """What a server loads needs the two lines as well. Where a module that it loads too has called them (the settings, a package), it has them."""
    if not is_called_by_main_alone():
        return
    for setting in ("WSGI_APPLICATION", "ASGI_APPLICATION"):
        module = str(getattr(settings, setting, None) or "").rpartition(".")[0]
        file = _file_of(module) if module else None
        if file is None:
            continue
        try:
            with tokenize.open(file) as source:
                calls = "install_as_bkoauth" in source.read()
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        if not calls:
            yield _warning(
                "W009",
                f"{file}, which the server loads by {setting}, does not call tokenward.install_as_bkoauth(): there the site has another "
                "bkoauth, or none.",
                f"Write the two lines of manage.py in the first lines of {os.path.basename(file)} too.",
            )


def _file_of(module):
    """The file of a module, which is not loaded for it; packages above it are."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):
        return None
    return spec.origin if spec is not None and spec.has_location and str(spec.origin).endswith(".py") else None


def _engine_and_home():
    from . import client

    try:
        as_set = client.oauth_client._app_as_set()
        home = _engine.client(as_set).home
    except TokenException as error:
        # An address in clear is told above, and is no error there: a site that is being made may live with it.
        if error.setting != "OAUTH_API_URL":
            yield _error("E006", f"The settings cannot be used: {error.message}", error.hint)
        return
    if not os.path.isabs(str(home)):
        yield _error(
            "E007",
            f"TOKENWARD_HOME = {str(home)!r} is no absolute path: each process would look for the vault in the folder that it was started in.",
            "Write the whole path; ~ is not replaced.",
        )
        return
    if not _can_be_written(str(home)):
        yield _error(
            "E007",
            f"The vault's folder {home} cannot be written by the user that runs this.",
            "Set TOKENWARD_HOME to a folder that belongs to the user that the site runs as.",
        )
    app = _engine.at_its_service(as_set)
    if app != as_set:
        yield _warning("W008", _engine.moved(_notes.service(home, as_set.profile), as_set, app))


def _can_be_written(folder):
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def _is_object(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _error(number, said, hint=None):
    return checks.Error(said, hint=hint, id=f"tokenward.{number}")


def _warning(number, said, hint=None):
    return checks.Warning(said, hint=hint, id=f"tokenward.{number}")
