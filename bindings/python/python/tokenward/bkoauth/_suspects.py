"""Which setting a failure is most likely owed to, where there is evidence of it.

Enters: a failure, the app's settings, the request that failed if there was one. Leaves: the same failure, whose ``hint`` names the setting and
whose ``setting`` is its name; or untouched. Names of cookies are told, those alone that BlueKing itself gives, and never a value.
"""

import urllib.parse

from . import django_conf

# Fields that say by themselves who the user is. What else stands in OAUTH_COOKIES_PARAMS goes with them where the request has it.
LOGIN_FIELDS = ("bk_token", "bk_ticket", "skey", "openkey")
# The cookies in which BlueKing's login pages keep those.
LOGIN_COOKIES = ("bk_token", "bk_ticket", "p_skey", "skey", "openkey")
# What a token service of each kind knows a user by, and where it is asked.
TAKES = {"ssm": ("bk_token",), "auth-api": ("bk_ticket", "skey", "openkey")}
SPEAKS = {"ssm": "SSM", "auth-api": "the auth api"}
# What the API gateway answers to whom it does not know; no token service does.
_GATEWAYS = range(1_640_000, 1_650_000)
PATHS = {"ssm": "/api/v1/auth/access-tokens", "auth-api": "/auth_api/token/"}


def name(error, app, request=None):
    """Names the setting in a failure's hint."""
    found = _found(error, app, request)
    if found is None:
        return error
    error.setting, error.hint = found
    return error


def backend(dialect):
    """How the site says which kind of token service it asks, in words."""
    kind = django_conf.BACKEND_TYPE
    written = f"BKAUTH_BACKEND_TYPE = {kind!r}" if kind else "BKAUTH_BACKEND_TYPE that is not set"
    return f"{written} means {SPEAKS[dialect]}"


def dialect_of(kind):
    return "ssm" if kind == "bk_token" else "auth-api"


def contradiction(dialect, fields):
    """What is wrong between the kind of the token service and the fields that it is sent: the setting, a sentence, and what to do. ``None``
    where nothing is."""
    if not fields or any(field in TAKES[dialect] for field in fields):
        return None
    takes = " or ".join(repr(field) for field in TAKES[dialect])
    sends = ", ".join(repr(str(field)) for field in fields)
    said = f"{backend(dialect)}, which knows users by {takes}; OAUTH_COOKIES_PARAMS sends {sends}"
    if dialect == "auth-api" and "bk_token" in fields:
        return "BKAUTH_BACKEND_TYPE", said, "for SSM set BKAUTH_BACKEND_TYPE = 'bk_token'"
    if dialect == "ssm" and any(field in TAKES["auth-api"] for field in fields):
        way = "for SSM set OAUTH_COOKIES_PARAMS = {'bk_token': 'bk_token'}; for the auth api set BKAUTH_BACKEND_TYPE = 'bk_ticket'"
        return "OAUTH_COOKIES_PARAMS", said, way
    return "OAUTH_COOKIES_PARAMS", said, "its keys are the names of the fields, its values those of the cookies"


def _found(error, app, request):
    if error.code in ("TW0401", "TW0406") and request is not None:
        return _no_cookie(app, request)
    if error.code == "TW0411" and error.provider_code in _GATEWAYS:
        said = f"{app.url} answers with a code of BlueKing's API gateway ({error.provider_code}), which gives no tokens"
        return "OAUTH_API_URL", f"{said}: set OAUTH_API_URL to the address of the token service, {SPEAKS[app.dialect]}"
    if error.code == "TW0411":
        found = contradiction(app.dialect, [field for field, _ in app.cookies])
        return (found[0], f"{found[1]}: {found[2]}") if found else _another_cookie(app, request)
    if error.code in ("TW0706", "TW0602"):
        return _no_such_service(app)
    if error.code == "TW0701":
        return _app_refused(app)
    return None


def _no_cookie(app, request):
    if not app.cookies:
        return "OAUTH_COOKIES_PARAMS", "OAUTH_COOKIES_PARAMS is empty, so no login cookie of a request is looked at"
    session = getattr(request, "session", None) or {}
    lacking = [cookie for _, cookie in _login(app) if not (request.COOKIES.get(cookie) or session.get(cookie))]
    if not lacking:
        return None
    return _another_cookie(app, request)


def _another_cookie(app, request):
    """The request has a login cookie that the settings do not ask for."""
    if request is None:
        return None
    asked = [cookie for _, cookie in app.cookies]
    there = [cookie for cookie in LOGIN_COOKIES if request.COOKIES.get(cookie) and cookie not in asked]
    if not there:
        return None
    wanted = ", ".join(repr(cookie) for _, cookie in _login(app))
    found = ", ".join(repr(cookie) for cookie in there)
    said = f"OAUTH_COOKIES_PARAMS asks for the cookie {wanted}, and the request has {found}: that setting is most likely wrong"
    dialect = next((dialect for dialect, known in TAKES.items() if there[0] in known), app.dialect)
    if dialect != app.dialect:
        said += f". {backend(app.dialect)}, and {there[0]!r} is the cookie of sites that ask {SPEAKS[dialect]}"
    return "OAUTH_COOKIES_PARAMS", said


def _login(app):
    """The fields without which nothing is sent."""
    return [pair for pair in app.cookies if pair[0] in LOGIN_FIELDS] or list(app.cookies)


def _no_such_service(app):
    parsed = urllib.parse.urlsplit(app.url)
    host = parsed.netloc.rpartition("@")[2]
    said = f"no token service answers at {host}{parsed.path}{PATHS[app.dialect]}. {backend(app.dialect)}"
    fields = [field for field, _ in app.cookies]
    if app.dialect == "auth-api" and "bk_token" in fields:
        return "BKAUTH_BACKEND_TYPE", f"{said}; for SSM set BKAUTH_BACKEND_TYPE = 'bk_token'"
    if app.dialect == "auth-api":
        return "OAUTH_API_URL", f"{said}; OAUTH_API_URL is its address up to /auth_api. If it is SSM, set BKAUTH_BACKEND_TYPE = 'bk_token'"
    return "OAUTH_API_URL", f"{said}; OAUTH_API_URL is its address up to /api/v1. If it is the auth api, set BKAUTH_BACKEND_TYPE = 'bk_ticket'"


def _app_refused(app):
    """The service does not know the app, or its secret is wrong."""
    code = "BKAUTH_TOKEN_APP_CODE" if django_conf.OWN_APP_CODE else "APP_CODE"
    if django_conf.OWN_SECRET_KEY:
        return code, f"compare {code} and BKAUTH_TOKEN_SECRET_KEY with the app in BlueKing's developer center"
    return (
        "BKAUTH_TOKEN_SECRET_KEY",
        f"compare {code} and the secret with the app in BlueKing's developer center. BKAUTH_TOKEN_SECRET_KEY is not set, so Django's "
        "SECRET_KEY is sent as the app's secret",
    )
