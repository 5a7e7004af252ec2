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
from tokenward.errors import chosen

from . import _engine, _notes, _suspects, django_conf
from .exceptions import TokenException

_PACKAGE = __name__.rpartition(".")[0]
# How `startproject` begins the key that it draws.
_DRAWN = "django-insecure-"


def settings_can_be_used(app_configs=None, **kwargs):
    found = list(_store())
    if not django_conf.OAUTH_API_URL:
        if django_conf.IS_BKOAUTH_IN_INSTALLED_APPS:
            found.append(_warning(
                "W002",
                chosen("OAUTH_API_URL is not set, so no token can be had.", "没有设置 OAUTH_API_URL，因此无法取得令牌。"),
                chosen("Set it to the token service's address.", "请把它设为令牌服务的地址。"),
            ))
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
        yield _error(
            "E002",
            chosen("The app's code is missing.", "缺少应用的 app_code。"),
            chosen(
                "Set BKAUTH_TOKEN_APP_CODE, or APP_CODE, as BlueKing's developer center shows it.",
                "请按蓝鲸开发者中心所示设置 BKAUTH_TOKEN_APP_CODE 或 APP_CODE。",
            ),
        )
    if not django_conf.BKAUTH_TOKEN_SECRET_KEY:
        yield _error("E003", chosen("The app's secret is missing.", "缺少应用的密钥。"), _set_secret())
    elif not django_conf.OWN_SECRET_KEY and str(django_conf.SECRET_KEY).startswith(_DRAWN):
        yield _warning(
            "W004",
            chosen(
                "BKAUTH_TOKEN_SECRET_KEY is not set, so Django's SECRET_KEY is sent as the app's secret; and that is one which startproject "
                "drew.",
                "没有设置 BKAUTH_TOKEN_SECRET_KEY，因此会把 Django 的 SECRET_KEY 当作应用密钥发送；而它是 startproject 生成的。",
            ),
            _set_secret(),
        )


def _set_secret():
    return chosen(
        "Set BKAUTH_TOKEN_SECRET_KEY, as BlueKing's developer center shows it.", "请按蓝鲸开发者中心所示设置 BKAUTH_TOKEN_SECRET_KEY。"
    )


def _address():
    url = str(django_conf.OAUTH_API_URL)
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        yield _error(
            "E004",
            chosen("OAUTH_API_URL is no address.", "OAUTH_API_URL 不是地址。"),
            chosen("Write it with https:// or http:// and the host.", "请写上 https:// 或 http:// 以及主机名。"),
        )
        return
    for path in _suspects.PATHS.values():
        if path.split("/")[1] in parsed.path.split("/"):
            yield _error(
                "E004",
                chosen(
                    f"OAUTH_API_URL holds the path of the API ({parsed.path}), which is added to it.",
                    f"OAUTH_API_URL 中含有接口的路径（{parsed.path}），而路径会自动加上。",
                ),
                chosen("Leave the path out.", "请去掉路径。"),
            )
            return
    if _engine.is_in_clear(url) and not django_conf.ALLOW_HTTP:
        yield _warning("W001", _engine.http_refused())


def _cookies():
    wrong = False
    for name in ("OAUTH_COOKIES_PARAMS", "OAUTH_PARAMS"):
        written, kept = os.environ.get(name, "").strip(), getattr(settings, name, None)
        if written and not _is_object(written):
            yield _error(
                "E005",
                chosen(f"The variable {name} is no JSON object.", f"环境变量 {name} 不是 JSON 对象。"),
                chosen('Write it as {"bk_token": "bk_token"}, or remove it.', '请写成 {"bk_token": "bk_token"}，或删除它。'),
            )
        elif kept and not isinstance(kept, dict):
            wrong = True
            yield _error(
                "E005",
                chosen(f"{name} is no dict.", f"{name} 不是 dict。"),
                chosen("Its keys are the fields' names, its values the cookies'.", "它的键是字段名，值是 Cookie 名。"),
            )
    if wrong:
        return
    kind, fields = django_conf.BACKEND_TYPE, list(django_conf.OAUTH_COOKIES_PARAMS)
    if kind not in ("", "bk_token", "bk_ticket"):
        yield _warning(
            "W007",
            chosen(
                f"BKAUTH_BACKEND_TYPE = {kind!r} is not known, and taken for the auth api.",
                f"未知的 BKAUTH_BACKEND_TYPE = {kind!r}，按 auth api 处理。",
            ),
            chosen(
                "Set it to 'bk_token' for SSM, or to 'bk_ticket' for the auth api.", "SSM 请设为 'bk_token'，auth api 请设为 'bk_ticket'。"
            ),
        )
    elif fields:
        found = _suspects.contradiction(_suspects.dialect_of(kind), fields)
        if found:
            stop = chosen(".", "。")
            yield _warning("W006", f"{found[1]}{stop}", f"{found[2][0].upper()}{found[2][1:]}{stop}")
    if not fields:
        yield _warning(
            "W005",
            chosen(
                "OAUTH_COOKIES_PARAMS is empty, so no request makes a token for its user.",
                "OAUTH_COOKIES_PARAMS 为空，因此任何请求都不会为其用户取得令牌。",
            ),
            chosen(
                "For SSM set OAUTH_COOKIES_PARAMS = {'bk_token': 'bk_token'}.",
                "SSM 请设置 OAUTH_COOKIES_PARAMS = {'bk_token': 'bk_token'}。",
            ),
        )


def _site():
    if not django_conf.IS_BKOAUTH_IN_INSTALLED_APPS:
        yield _warning(
            "W003",
            chosen(
                f"{_PACKAGE!r} is not in INSTALLED_APPS: tokens are handed out, but no row shows them, and none is made when a user logs in.",
                f"{_PACKAGE!r} 不在 INSTALLED_APPS 中：令牌照常提供，但没有数据行显示它们，用户登录时也不会生成令牌。",
            ),
            chosen(
                f"Add {_PACKAGE!r} to INSTALLED_APPS, and run migrate.", f"请把 {_PACKAGE!r} 加入 INSTALLED_APPS，并运行 migrate。"
            ),
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
                chosen(
                    f"{file}, which the server loads by {setting}, does not call tokenward.install_as_bkoauth(): there the site has another "
                    "bkoauth, or none.",
                    f"服务器按 {setting} 加载的 {file} 没有调用 tokenward.install_as_bkoauth()：站点在那里用的是另一个 bkoauth，或者没有。",
                ),
                chosen(
                    f"Write the two lines of manage.py in the first lines of {os.path.basename(file)} too.",
                    f"请把 manage.py 中的那两行也写在 {os.path.basename(file)} 的开头。",
                ),
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
            yield _error("E006", chosen("The settings cannot be used: ", "设置无法使用：") + error.message, error.hint)
        return
    if not os.path.isabs(str(home)):
        yield _error(
            "E007",
            chosen(
                f"TOKENWARD_HOME = {str(home)!r} is no absolute path: each process would look for the vault in the folder that it was started "
                "in.",
                f"TOKENWARD_HOME = {str(home)!r} 不是绝对路径：每个进程会在各自启动时所在的文件夹中寻找保险库。",
            ),
            chosen("Write the whole path; ~ is not replaced.", "请写完整路径；~ 不会被替换。"),
        )
        return
    if not _can_be_written(str(home)):
        yield _error(
            "E007",
            chosen(
                f"The vault's folder {home} cannot be written by the user that runs this.",
                f"运行本命令的用户无法写入保险库所在的文件夹 {home}。",
            ),
            chosen(
                "Set TOKENWARD_HOME to a folder that belongs to the user that the site runs as.",
                "请把 TOKENWARD_HOME 设为属于运行站点的用户的文件夹。",
            ),
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
