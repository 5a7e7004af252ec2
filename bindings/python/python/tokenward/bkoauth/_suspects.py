"""Which setting a failure is most likely owed to, where there is evidence of it.

Enters: a failure, the app's settings, the request that failed if there was one. Leaves: the same failure, whose ``hint`` names the setting and
whose ``setting`` is its name; or untouched. Names of cookies are told, those alone that BlueKing itself gives, and never a value.
"""

import re
import urllib.parse

from tokenward.errors import chosen

from . import _notes, django_conf

# Fields that say by themselves who the user is. What else stands in OAUTH_COOKIES_PARAMS goes with them where the request has it.
LOGIN_FIELDS = ("bk_token", "bk_ticket", "skey", "openkey")
# The cookies in which BlueKing's login pages keep those.
LOGIN_COOKIES = ("bk_token", "bk_ticket", "p_skey", "skey", "openkey")
# What a token service of each kind knows a user by, and where it is asked.
TAKES = {"ssm": ("bk_token",), "auth-api": ("bk_ticket", "skey", "openkey")}
_SPEAKS = {"ssm": ("SSM", "SSM"), "auth-api": ("the auth api", "auth api")}
# What the API gateway answers to whom it does not know; no token service does.
_GATEWAYS = range(1_640_000, 1_650_000)
# A service that is there says so; both languages have the status alike.
_OUT_OF_ORDER = re.compile(r"\bHTTP 5\d\d\b")
PATHS = {"ssm": "/api/v1/auth/access-tokens", "auth-api": "/auth_api/token/"}


def speaks(dialect):
    """What a kind of token service is called."""
    return chosen(*_SPEAKS[dialect])


def name(error, app, request=None, home=None):
    """Names the setting in a failure's hint. ``home`` tells the vault's folder."""
    found = _found(error, app, request, home)
    if found is None:
        return error
    error.setting, error.hint = found
    return error


def backend(dialect):
    """How the site says which kind of token service it asks, in words."""
    kind = django_conf.BACKEND_TYPE
    unset = chosen("BKAUTH_BACKEND_TYPE that is not set", "未设置 BKAUTH_BACKEND_TYPE")
    written = f"BKAUTH_BACKEND_TYPE = {kind!r}" if kind else unset
    return chosen(f"{written} means {speaks(dialect)}", f"{written} 表示 {speaks(dialect)}")


def dialect_of(kind):
    return "ssm" if kind == "bk_token" else "auth-api"


def contradiction(dialect, fields):
    """What is wrong between the kind of the token service and the fields that it is sent: the setting, a sentence, and what to do. ``None``
    where nothing is."""
    if not fields or any(field in TAKES[dialect] for field in fields):
        return None
    takes = chosen(" or ", " 或 ").join(repr(field) for field in TAKES[dialect])
    sends = chosen(", ", "、").join(repr(str(field)) for field in fields)
    said = chosen(
        f"{backend(dialect)}, which knows users by {takes}; OAUTH_COOKIES_PARAMS sends {sends}",
        f"{backend(dialect)}，它以 {takes} 识别用户；而 OAUTH_COOKIES_PARAMS 发送的是 {sends}",
    )
    if dialect == "auth-api" and "bk_token" in fields:
        return "BKAUTH_BACKEND_TYPE", said, _for_ssm()
    if dialect == "ssm" and any(field in TAKES["auth-api"] for field in fields):
        way = chosen(
            "for SSM set OAUTH_COOKIES_PARAMS = {'bk_token': 'bk_token'}; for the auth api set BKAUTH_BACKEND_TYPE = 'bk_ticket'",
            "SSM 请设置 OAUTH_COOKIES_PARAMS = {'bk_token': 'bk_token'}；auth api 请设置 BKAUTH_BACKEND_TYPE = 'bk_ticket'",
        )
        return "OAUTH_COOKIES_PARAMS", said, way
    way = chosen("its keys are the names of the fields, its values those of the cookies", "它的键是字段名，值是 Cookie 名")
    return "OAUTH_COOKIES_PARAMS", said, way


def _for_ssm():
    return chosen("for SSM set BKAUTH_BACKEND_TYPE = 'bk_token'", "SSM 请设置 BKAUTH_BACKEND_TYPE = 'bk_token'")


def _found(error, app, request, home):
    if error.code in ("TW0401", "TW0406") and request is not None:
        return _no_cookie(app, request)
    if error.code == "TW0411" and error.provider_code in _GATEWAYS:
        said = chosen(
            f"{app.url} answers with a code of BlueKing's API gateway ({error.provider_code}), which gives no tokens: set OAUTH_API_URL to "
            f"the address of the token service, {speaks(app.dialect)}",
            f"{app.url} 返回的是蓝鲸 API 网关的错误码（{error.provider_code}），网关不签发令牌：请将 OAUTH_API_URL 设为令牌服务 "
            f"{speaks(app.dialect)} 的地址",
        )
        return "OAUTH_API_URL", said
    if error.code == "TW0411":
        found = contradiction(app.dialect, [field for field, _ in app.cookies])
        return (found[0], f"{found[1]}{chosen(': ', '：')}{found[2]}") if found else _wrong_cookie(app, request)
    if error.code == "TW0602" and (_OUT_OF_ORDER.search(str(error.message)) or _gave_tokens(app, home)):
        return None
    if error.code in ("TW0706", "TW0602"):
        return _no_such_service(app)
    if error.code == "TW0701":
        return _app_refused(app)
    return None


def _no_cookie(app, request):
    if not app.cookies:
        return "OAUTH_COOKIES_PARAMS", chosen(
            "OAUTH_COOKIES_PARAMS is empty, so no login cookie of a request is looked at",
            "OAUTH_COOKIES_PARAMS 为空，因此不会读取请求中的登录 Cookie",
        )
    return _another_cookie(app, request) if _lacks(app, request) else None


def _lacks(app, request):
    """Whether a cookie that the settings name is not there."""
    session = getattr(request, "session", None) or {}
    return any(not (request.COOKIES.get(cookie) or session.get(cookie)) for _, cookie in _login(app))


def _wrong_cookie(app, request):
    """The service refused what it was sent. Where that is the cookie that the settings name, it has expired, whatever else the request has;
    unless it is the cookie of another field, and the field's own is there too."""
    if request is None or _lacks(app, request):
        return _another_cookie(app, request)
    for field, cookie in _login(app):
        is_anothers = cookie in LOGIN_COOKIES and cookie not in (field, f"p_{field}")
        if is_anothers and field in LOGIN_COOKIES and request.COOKIES.get(field):
            return "OAUTH_COOKIES_PARAMS", chosen(
                f"OAUTH_COOKIES_PARAMS sends the cookie {cookie!r} as {field!r}, and the request has {field!r} itself: that setting is most "
                "likely wrong",
                f"OAUTH_COOKIES_PARAMS 把 Cookie {cookie!r} 作为 {field!r} 发送，而请求中本来就有 {field!r}：很可能是此设置有误",
            )
    return None


def _gave_tokens(app, home):
    """Whether the logins under this name are of this very service: then it is the right one, and is out of order."""
    return home is not None and _notes.service(home(), app.profile) == app.service


def _another_cookie(app, request):
    """The request has a login cookie that the settings do not ask for."""
    if request is None:
        return None
    asked = [cookie for _, cookie in app.cookies]
    there = [cookie for cookie in LOGIN_COOKIES if request.COOKIES.get(cookie) and cookie not in asked]
    if not there:
        return None
    gap = chosen(", ", "、")
    wanted, found = gap.join(repr(cookie) for _, cookie in _login(app)), gap.join(repr(cookie) for cookie in there)
    said = chosen(
        f"OAUTH_COOKIES_PARAMS asks for the cookie {wanted}, and the request has {found}: that setting is most likely wrong",
        f"OAUTH_COOKIES_PARAMS 要求 Cookie {wanted}，而请求中的是 {found}：很可能是此设置有误",
    )
    dialect = next((dialect for dialect, known in TAKES.items() if there[0] in known), app.dialect)
    if dialect != app.dialect:
        said += chosen(
            f". {backend(app.dialect)}, and {there[0]!r} is the cookie of sites that ask {speaks(dialect)}",
            f"。{backend(app.dialect)}，而 {there[0]!r} 是使用 {speaks(dialect)} 的站点的 Cookie",
        )
    return "OAUTH_COOKIES_PARAMS", said


def _login(app):
    """The fields without which nothing is sent."""
    return [pair for pair in app.cookies if pair[0] in LOGIN_FIELDS] or list(app.cookies)


def _no_such_service(app):
    parsed = urllib.parse.urlsplit(app.url)
    host = parsed.netloc.rpartition("@")[2]
    place = f"{host}{parsed.path}{PATHS[app.dialect]}"
    said = chosen(f"no token service answers at {place}. {backend(app.dialect)}", f"{place} 处没有令牌服务应答。{backend(app.dialect)}")
    fields = [field for field, _ in app.cookies]
    if app.dialect == "auth-api" and "bk_token" in fields:
        return "BKAUTH_BACKEND_TYPE", f"{said}{chosen('; ', '；')}{_for_ssm()}"
    if app.dialect == "auth-api":
        return "OAUTH_API_URL", said + chosen(
            "; OAUTH_API_URL is its address up to /auth_api. If it is SSM, set BKAUTH_BACKEND_TYPE = 'bk_token'",
            "；OAUTH_API_URL 应写到 /auth_api 之前。若是 SSM，请设置 BKAUTH_BACKEND_TYPE = 'bk_token'",
        )
    return "OAUTH_API_URL", said + chosen(
        "; OAUTH_API_URL is its address up to /api/v1. If it is the auth api, set BKAUTH_BACKEND_TYPE = 'bk_ticket'",
        "；OAUTH_API_URL 应写到 /api/v1 之前。若是 auth api，请设置 BKAUTH_BACKEND_TYPE = 'bk_ticket'",
    )


def _app_refused(app):
    """The service does not know the app, or its secret is wrong."""
    code = "BKAUTH_TOKEN_APP_CODE" if django_conf.OWN_APP_CODE else "APP_CODE"
    if django_conf.OWN_SECRET_KEY:
        # The likelier of the two: a secret is drawn anew, a code stays.
        return "BKAUTH_TOKEN_SECRET_KEY", chosen(
            f"compare {code} and BKAUTH_TOKEN_SECRET_KEY with the app in BlueKing's developer center",
            f"请对照蓝鲸开发者中心检查 {code} 和 BKAUTH_TOKEN_SECRET_KEY",
        )
    return "BKAUTH_TOKEN_SECRET_KEY", chosen(
        f"compare {code} and the secret with the app in BlueKing's developer center. BKAUTH_TOKEN_SECRET_KEY is not set, so Django's "
        "SECRET_KEY is sent as the app's secret",
        f"请对照蓝鲸开发者中心检查 {code} 和密钥。未设置 BKAUTH_TOKEN_SECRET_KEY，因此 Django 的 SECRET_KEY 被当作应用密钥发送",
    )
