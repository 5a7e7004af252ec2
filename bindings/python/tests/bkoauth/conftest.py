"""A Django site that uses ``bkoauth``, over the command's own sandbox of BlueKing."""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
django = pytest.importorskip("django")


def _stand():
    spec = importlib.util.spec_from_file_location("tokenward_stand", HERE.parent / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stand = _stand()
# Both are `conftest` to Python, and this one is imported last: whoever imports from the other finds the same here.
Stand, Sandbox, find_command, _opener = stand.Stand, stand.Sandbox, stand.find_command, stand._opener
_folder = tempfile.TemporaryDirectory(prefix="bkoauth-site-")
DATABASE = os.path.join(_folder.name, "site.sqlite3")

for name in [name for name in os.environ if name.startswith(("TOKENWARD_", "OAUTH_", "BKAUTH_"))]:
    if not name.startswith(("TOKENWARD_COMMAND", "TOKENWARD_TEST_")):
        del os.environ[name]
os.environ["SITE_DATABASE"] = DATABASE
os.environ["TOKENWARD_LANG"] = "en"
os.environ["DJANGO_SETTINGS_MODULE"] = "bk_settings"
sys.path.insert(0, str(HERE))

import tokenward  # noqa: E402

tokenward.install_as_bkoauth()
django.setup()

from django.core.management import call_command  # noqa: E402

call_command("migrate", verbosity=0)


class Site:
    """The site, its sandbox, and a vault of its own."""

    stand, folder = stand, HERE

    def __init__(self, sandbox, home, backend, monkeypatch):
        self.sandbox, self.home, self.backend, self.monkeypatch = sandbox, home, backend, monkeypatch
        self.door = "ssm" if backend == "bk_token" else "auth-api"
        self.url = sandbox.settings["TOKENWARD_ACCOUNTS_URL"].rstrip("/")
        self.cookie = "bk_token" if backend == "bk_token" else "bk_ticket"
        cookies = '{"bk_token": "bk_token"}'
        if backend != "bk_token":
            cookies = '{"bk_ticket": "bk_ticket", "rtx": "bk_uid"}'
        self.variables = {
            "SITE_APP": sandbox.settings["TOKENWARD_APP_ID"],
            "SITE_SECRET": sandbox.settings["TOKENWARD_APP_SECRET"],
            "SITE_URL": self.url,
            "SITE_BACKEND": backend,
            "SITE_COOKIES": cookies,
            "TOKENWARD_HOME": str(home),
            "SITE_DATABASE": DATABASE,
        }
        for name, value in self.variables.items():
            monkeypatch.setenv(name, value)

    def settings(self):
        return {
            "APP_CODE": self.variables["SITE_APP"],
            "SECRET_KEY": self.variables["SITE_SECRET"],
            "OAUTH_API_URL": self.url,
            "BKAUTH_BACKEND_TYPE": self.backend,
            "OAUTH_COOKIES_PARAMS": json.loads(self.variables["SITE_COOKIES"]),
        }

    def request(self, user, cookies_of=None):
        """A request of a user with the cookies of a user, of the same one if none is named."""
        owner = user if cookies_of is None else cookies_of
        return Request(user, {self.cookie: f"{self.cookie}-of-{owner}", "bk_uid": owner} if owner else {})

    def counters(self):
        return self.sandbox.control("counters")["counters"]["doors"].get(self.door, {})

    def exchanges(self):
        """Everything that asks the token service for a token."""
        counters = self.counters()
        return sum(counters.get(name, 0) for name in ("app_grants", "cookie_grants", "refreshes"))

    def whose(self, token):
        """Whose the gateway says a token is; ``None`` for one that it refuses. The app's own reads "~app"."""
        header = json.dumps({"access_token": token})
        call = urllib.request.Request(
            self.sandbox.settings["TOKENWARD_OPEN_URL"].rstrip("/") + "/app/whose", headers={"X-Bkapi-Authorization": header}
        )
        try:
            with stand._opener.open(call, timeout=20) as answer:
                told = json.loads(answer.read())["data"]
        except urllib.error.HTTPError:
            return None
        return told["user"]["username"] or "~app"

    def later(self, seconds):
        """Time passes, for the token service and for this process's clock of the engine; the site's own clock stays."""
        self.sandbox.control("clock", {"advance_seconds": seconds})
        before = int(os.environ.get("TOKENWARD_CLOCK_OFFSET", "0"))
        self.monkeypatch.setenv("TOKENWARD_CLOCK_OFFSET", str(before + seconds))
        forget_clients()

    def rows(self):
        from bkoauth.models import AccessToken

        return list(AccessToken.objects.order_by("pk"))

    def run(self, program, *words, check=True, **variables):
        """A program in a process of its own, with this site's settings."""
        environment = {**os.environ, **variables, "PYTHONPATH": str(HERE)}
        done = subprocess.run(
            [sys.executable, "-c", program, *words], env=environment, capture_output=True, text=True, timeout=120
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def start(self, program, *words, **variables):
        """A process that says when it is ready, and waits for a line."""
        environment = {**os.environ, **variables, "PYTHONPATH": str(HERE)}
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        child = subprocess.Popen([sys.executable, "-c", program, *words], env=environment, text=True, **pipes)
        assert child.stdout.readline() == "ready\n", child.stderr.read()
        return child

    @staticmethod
    def let_go(children):
        """All at once; what each said."""
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        said = []
        for child in children:
            out, error = child.communicate(timeout=120)
            assert child.returncode == 0, error
            said.append(out.strip())
        return said


class Request:
    """A Django request, as far as anybody looks at it."""

    def __init__(self, user, cookies, session=None, query=None):
        self.user = User(user)
        self.COOKIES, self.session, self.GET = cookies, session or {}, query or {}
        self.META = {"REMOTE_ADDR": "127.0.0.1"}


class User:
    def __init__(self, name):
        self.username = name or ""
        self.is_authenticated = bool(name)


def forget_clients():
    """As a process that has just been started."""
    from bkoauth import _engine

    _engine._clients.clear()


@pytest.fixture
def make_site(tmp_path, monkeypatch):
    started, overrides = [], []

    def make(backend="bk_token", **rules):
        from django.test import override_settings

        dialect = "ssm" if backend == "bk_token" else "auth-api"
        sandbox = stand.Sandbox("--provider", "blueking", "--dialect", dialect, *rules.pop("options", ()))
        started.append(sandbox)
        if rules:
            sandbox.control("rules", rules, method="PATCH")
        home = tmp_path / f"home-{len(started)}"
        home.mkdir(mode=0o700)
        site = Site(sandbox, home, backend, monkeypatch)
        override = override_settings(**site.settings())
        override.enable()
        overrides.append(override)
        return site

    from bkoauth.models import AccessToken

    AccessToken.objects.all().delete()
    yield make
    for override in reversed(overrides):
        override.disable()
    forget_clients()
    for sandbox in started:
        sandbox.end()


@pytest.fixture
def site(make_site):
    return make_site()


@pytest.fixture
def settings_override():
    from django.test import override_settings

    return override_settings


@pytest.fixture
def tls_server(tmp_path):
    pytest.importorskip("cryptography")
    from tls import TlsServer

    server = TlsServer(tmp_path)
    yield server
    server.server.shutdown()


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog
