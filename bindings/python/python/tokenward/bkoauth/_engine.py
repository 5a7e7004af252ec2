"""From the settings and a request to the engine, and from its errors to ours.

Enters: an app with its token service, what a request carries. Leaves: a token, or an exception of :mod:`.exceptions`. What a request carries
is collected for one call and kept nowhere. A client of the engine is made once for each app and setting; it opens nothing before its first
call, and opens the vault anew in a forked child.
"""

import collections
import hashlib
import ipaddress
import logging
import os
import threading
import urllib.parse

from tokenward.errors import chosen

from . import _notes, django_conf
from ._suspects import LOGIN_FIELDS
from .exceptions import TokenAPIError, TokenNotExist
from .utils import get_client_ip

LOG = logging.getLogger("component")


class App(collections.namedtuple("App", "code secret url dialect environment cookies constants home profile allow_http")):
    """An app at its token service. Pages that show variables show no secret of it."""

    __slots__ = ()

    @property
    def service(self):
        """Which token service it is, however the way there is secured."""
        parsed = urllib.parse.urlsplit(self.url)
        return f"{self.dialect} {parsed.netloc.rpartition('@')[2].lower()}{parsed.path.rstrip('/')}"

    def __repr__(self):
        return f"<App {self.code!r}>"


class Parts(dict):
    """What a request carries."""

    def __repr__(self):
        return f"<Parts of {self.get('user')!r}>"


# Codes that mean: there is no login, and nothing to make one with.
NOT_THERE = ("TW0401", "TW0406")

# What does as well as a setting that is missing.
_ELSE = {
    "BKAUTH_TOKEN_APP_CODE": (
        "set it, or APP_CODE, to the app's code in BlueKing's developer center",
        "请将它或 APP_CODE 设为蓝鲸开发者中心显示的应用 ID",
    ),
    "BKAUTH_TOKEN_SECRET_KEY": (
        "set it, or SECRET_KEY, to the app's secret in BlueKing's developer center",
        "请将它或 SECRET_KEY 设为蓝鲸开发者中心显示的应用密钥",
    ),
    "OAUTH_API_URL": ("set it to the address of the token service", "请设为令牌服务的地址"),
}

_clients = collections.OrderedDict()
_told_moved = set()
_lock = threading.Lock()
_KEPT = 64


def _in_child():
    # A thread of the parent may have held it, and is not there any more.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def app_of(code, secret, url, dialect, environment, cookies, constants):
    """The settings of a call, or why it cannot be made with them."""
    store = django_conf.STORE
    if store != "vault":
        raise TokenAPIError(store_refused(store), code="TW0207", exit=2, setting="TOKENWARD_BKOAUTH_STORE")
    needed = (("BKAUTH_TOKEN_APP_CODE", code), ("BKAUTH_TOKEN_SECRET_KEY", secret), ("OAUTH_API_URL", url))
    missing = [name for name, value in needed if not value]
    if missing:
        said = chosen(f"the setting {missing[0]} is missing", f"缺少设置 {missing[0]}")
        raise TokenAPIError(said, code="TW0204", exit=2, hint=chosen(*_ELSE[missing[0]]), setting=missing[0])
    allow_http = django_conf.ALLOW_HTTP
    if is_in_clear(str(url)) and not allow_http:
        raise TokenAPIError(http_refused(), code="TW0207", exit=2, setting="OAUTH_API_URL")
    profile = django_conf.PROFILE or str(code)
    if dialect == "auth-api" and environment != "prod" and not django_conf.PROFILE:
        # The auth api has a token for each environment, SSM has one for all.
        profile += f"-{environment}"
    home = django_conf.HOME
    return App(
        str(code),
        str(secret),
        str(url).rstrip("/"),
        dialect,
        environment,
        tuple(sorted((str(field), str(cookie)) for field, cookie in dict(cookies or {}).items())),
        tuple(sorted((str(field), str(value)) for field, value in dict(constants or {}).items())),
        os.fspath(home) if home else None,
        profile,
        allow_http,
    )


def at_its_service(app):
    """Under a name of its own, where the logins of the usual one are another token service's: a refresh token is never sent to a service that
    did not give it. A name that the settings give is kept to."""
    if django_conf.PROFILE:
        return app
    home = client(app).home
    known = _notes.service(home, app.profile)
    if known is None or known == app.service:
        return app
    other = app._replace(profile=f"{app.profile}-{hashlib.sha256(app.service.encode()).hexdigest()[:8]}")
    if other not in _told_moved:
        _told_moved.add(other)
        LOG.warning("%s", moved(known, app, other))
    return other


def moved(known, app, other):
    return chosen(
        f"OAUTH_API_URL ({app.service}) is another token service than the one that the logins under {app.profile!r} are of ({known}): they "
        f"stay as they are, and new ones are kept under {other.profile!r}. If it is the same service at a new address, set "
        f"TOKENWARD_BKOAUTH_PROFILE = {app.profile!r}",
        f"OAUTH_API_URL（{app.service}）与 {app.profile!r} 下的登录所属的令牌服务（{known}）不同：原有登录保持不变，新的登录保存在 "
        f"{other.profile!r} 下。若只是同一服务换了地址，请设置 TOKENWARD_BKOAUTH_PROFILE = {app.profile!r}",
    )


def served(app):
    """A token came from the app's service: its logins are under this name from now on."""
    if not django_conf.PROFILE:
        _notes.keep_service(client(app).home, app.profile, app.service)


def refused(app, error):
    """Nobody was served. Another user's tokens are kept under this name all the same: they came from the app's service."""
    if error.code == "TW0412":
        served(app)


def client(app):
    """The engine's client for an app."""
    with _lock:
        found = _clients.get(app)
        if found is None:
            found = _clients[app] = call(lambda: _made(app))
            while len(_clients) > _KEPT:
                _clients.popitem(last=False)
        _clients.move_to_end(app)
        return found


def _made(app):
    from tokenward import _tokenward

    names = [field for field, _ in app.cookies]
    has_login = any(name in LOGIN_FIELDS for name in names)
    return _tokenward.BkClient(
        app_code=app.code,
        app_secret=app.secret,
        token_service=app.url,
        token_api=app.dialect,
        environment_name=app.environment,
        cookies=list(app.cookies),
        optional=[name for name in names if name not in LOGIN_FIELDS] if has_login else [],
        constants=[(field, value) for field, value in app.constants if value],
        uin="uin" in names or "rtx" in names,
        allow_http=app.allow_http,
        profile=app.profile,
        home=app.home,
        environment=dict(os.environ),
    )


def parts(app, request):
    """What a request says, as far as the app's settings ask for it."""
    names = [cookie for _, cookie in app.cookies]
    session = getattr(request, "session", None)
    cookies, kept = {}, {}
    for name in names:
        value = request.COOKIES.get(name)
        if value:
            cookies[name] = str(value)
        value = session.get(name) if session is not None else None
        if value:
            kept[name] = str(value)
    return Parts(user=user_of(request), cookies=cookies, session=kept, client_ip=_address(request))


def user_of(request):
    """The name of the authenticated user; ``None`` for an anonymous one, who is nobody and never the app."""
    user = getattr(request, "user", None)
    name = getattr(user, "username", None)
    known = getattr(user, "is_authenticated", True)
    if callable(known):
        known = known()
    return name if name and str(name).strip() and known else None


def _address(request):
    if not getattr(request, "META", None):
        return None
    for text in (get_client_ip(request).split(",")[0], request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ipaddress.ip_address(text.strip()))
        except ValueError:
            continue
    return None


def call(work):
    """Calls the engine. Its errors become ours."""
    from tokenward.errors import TokenwardError

    try:
        return work()
    except TokenwardError as error:
        raise translated(error) from None


def translated(error):
    code = getattr(error, "code", None)
    kind = TokenNotExist if code in NOT_THERE else TokenAPIError
    hint = chosen(*_HINTS[code]) if code in _HINTS else getattr(error, "hint", None)
    message = getattr(error, "message", None) or str(error)
    return kind(
        message,
        code=code,
        kept=getattr(error, "kept", None),
        hint=hint,
        exit=getattr(error, "exit", None),
        provider_code=getattr(error, "provider_code", None),
    )


# What the command's hint is for somebody at a terminal; the user of a site has a browser.
_LOG_IN = ("the user has to open the site while logged in at BlueKing", "请该用户登录蓝鲸后再打开站点")
_HINTS = {
    **dict.fromkeys(("TW0401", "TW0402", "TW0403", "TW0405", "TW0406", "TW0409"), _LOG_IN),
    "TW0411": ("the login cookie is no longer good: let the user log in at BlueKing again", "登录 Cookie 已失效：请该用户重新登录蓝鲸"),
    "TW0412": ("the cookie is another user's: let the user log out at BlueKing and in again", "Cookie 属于另一个用户：请该用户退出蓝鲸后重新登录"),
}


def nobody():
    return TokenNotExist(
        chosen("there is no token for an anonymous user", "匿名用户没有令牌"),
        code="TW0401",
        kept=chosen("nothing was changed", "没有任何改动"),
        hint=chosen("let the user log in first", "请用户先登录"),
        exit=3,
    )


def is_in_clear(url):
    """Whether what is sent there can be read on the way."""
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme != "http":
        return False
    host = parsed.hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def store_refused(store):
    if store in ("server", "database"):
        return chosen(
            f"TOKENWARD_BKOAUTH_STORE = {store!r}: this version keeps logins in the vault of the machine alone, so the setting cannot be "
            "honoured and no token is handed out. Remove it, or set it to 'vault', where the site runs on one host",
            f"TOKENWARD_BKOAUTH_STORE = {store!r}：此版本只把登录保存在本机的保险库中，无法按此设置执行，也不会提供令牌。站点只在一台主机上"
            "运行时，请删除此设置，或设为 'vault'",
        )
    return chosen(
        f"TOKENWARD_BKOAUTH_STORE = {store!r} is not known: use 'vault'", f"未知的 TOKENWARD_BKOAUTH_STORE = {store!r}：请用 'vault'"
    )


def http_refused():
    return chosen(
        "OAUTH_API_URL is plain http: anyone on the way reads the app's secret, the users' cookies and every token. Use https, or accept "
        "it with TOKENWARD_BKOAUTH_ALLOW_HTTP = True",
        "OAUTH_API_URL 是明文 http：途中任何人都能读到应用密钥、用户的 Cookie 和所有令牌。请使用 https，或以 "
        "TOKENWARD_BKOAUTH_ALLOW_HTTP = True 接受",
    )
