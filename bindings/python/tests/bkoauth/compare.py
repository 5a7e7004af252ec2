"""bkoauth 0.1.0 and Tokenward's, side by side on the same sandbox: the table of reference/blueking.md §1.6, filled by a run.

``python compare.py`` prints the Markdown table, ``python compare.py R5 D4`` those rows; ``--write`` puts it between the marks in both pages of the
guide, in Chinese in the Chinese one. Needs ``bkoauth==0.1.0`` beside Django.
Every cell is what was counted in processes of its own, with a fresh database and a fresh vault.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLD, NEW = "bkoauth 0.1.0", "Tokenward"
# Where the protocol itself leaves no better: the auth api takes the refresh token in the address.
NOT_OURS = ("D8",)
# Where the two do the same.
ALIKE = ("E1",)
BEGIN, END = "<!-- compare: begin -->", "<!-- compare: end -->"

PROLOGUE = """
import json, os, sys, threading
if os.environ["WHICH"] != "bkoauth 0.1.0":
    import tokenward
    tokenward.install_as_bkoauth()
import logging
logging.disable(logging.CRITICAL)
import django
from django.conf import settings
django.setup()
import bkoauth
from bkoauth.exceptions import TokenException
from bkoauth.models import AccessToken

class User:
    def __init__(self, name):
        self.username, self.is_authenticated = name, bool(name)

class Request:
    def __init__(self, user, owner=None, cookies=None):
        owner = user if owner is None else owner
        self.user, self.session, self.GET, self.META = User(user), {}, {}, {"REMOTE_ADDR": "127.0.0.1"}
        self.COOKIES = cookies or {name: name + "-of-" + owner for name in ("bk_token", "bk_ticket")}
        self.COOKIES.setdefault("bk_uid", owner)

def told(work):
    try:
        return work().access_token
    except TokenException as error:
        return "!" + type(error).__name__
    except Exception as error:
        return "!!" + type(error).__name__

def say(what):
    print(json.dumps(what), flush=True)

def ready():
    print("ready", flush=True)
    sys.stdin.readline()
"""


class World:
    """One sandbox, and sites on it: a database and a vault each."""

    def __init__(self, stand, which, backend="bk_token", **rules):
        dialect = "ssm" if backend == "bk_token" else "auth-api"
        self.which, self.backend, self.dialect = which, backend, dialect
        self.sandbox = stand.Sandbox("--provider", "blueking", "--dialect", dialect)
        self.open = stand._opener.open
        self.sandbox.control("rules", {"keep_requests": True}, method="PATCH")
        if rules:
            self.rules(**rules)
        self.folder = tempfile.TemporaryDirectory(prefix="bkoauth-compare-")
        self.ahead = 0
        self.site("one")

    def rules(self, **rules):
        self.sandbox.control("rules", {"blueking": {self.dialect.replace("-", "_"): rules}}, method="PATCH")

    def site(self, name, **variables):
        place = Path(self.folder.name) / name
        place.mkdir(mode=0o700)
        cookies = {"bk_token": "bk_token"} if self.backend == "bk_token" else {"bk_ticket": "bk_ticket", "rtx": "bk_uid"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TOKENWARD_", "OAUTH_", "BKAUTH_"))}
        self.variables = {
            **kept,
            "PYTHONPATH": str(HERE),
            "DJANGO_SETTINGS_MODULE": "bk_settings",
            "WHICH": self.which,
            "TOKENWARD_HOME": str(place / "home"),
            "SITE_DATABASE": str(place / "site.sqlite3"),
            "SITE_BKOAUTH": "bkoauth.BkoauthConfig",
            "SITE_APP": self.sandbox.settings["TOKENWARD_APP_ID"],
            "SITE_SECRET": self.sandbox.settings["TOKENWARD_APP_SECRET"],
            "SITE_URL": self.sandbox.settings["TOKENWARD_ACCOUNTS_URL"].rstrip("/"),
            "SITE_BACKEND": self.backend,
            "SITE_COOKIES": json.dumps(cookies),
            **variables,
        }
        self.run("from django.core.management import call_command\ncall_command('migrate', verbosity=0)")

    def start(self, program):
        variables = {**self.variables, "TOKENWARD_CLOCK_OFFSET": str(self.ahead)}
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        return subprocess.Popen([sys.executable, "-c", PROLOGUE + program], env=variables, text=True, **pipes)

    def run(self, program):
        child = self.start(program)
        out, error = child.communicate(timeout=120)
        if child.returncode != 0:
            raise RuntimeError(error)
        return json.loads(out.splitlines()[-1]) if out.strip() else None

    def together(self, count, program):
        """So many processes at the same moment."""
        self.sandbox.control("faults", {"kind": {"name": "delay", "milliseconds": 300}, "times": count})
        children = [self.start("ready()\n" + program) for _ in range(count)]
        for child in children:
            if child.stdout.readline() != "ready\n":
                raise RuntimeError(child.stderr.read())
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        said = [json.loads(child.communicate(timeout=120)[0].splitlines()[-1]) for child in children]
        self.sandbox.control("faults", method="DELETE")
        return said

    def later(self, seconds):
        """Time passes for the service and both clients; the table of the old one is aged instead of its clock."""
        self.sandbox.control("clock", {"advance_seconds": seconds})
        self.ahead += seconds
        self.run(
            "import datetime\n"
            f"for row in AccessToken.objects.all():\n    row.expires -= datetime.timedelta(seconds={seconds})\n"
            "    row.save(update_fields=['expires'])"
        )

    def whose(self, token):
        if token.startswith("!"):
            return None
        address = self.sandbox.settings["TOKENWARD_OPEN_URL"].rstrip("/") + "/app/whose"
        call = urllib.request.Request(address, headers={"X-Bkapi-Authorization": json.dumps({"access_token": token})})
        try:
            with self.open(call, timeout=20) as answer:
                return json.loads(answer.read())["data"]["user"]["username"] or "the app"
        except urllib.error.HTTPError:
            return None

    def requests(self):
        return self.sandbox.control("requests")["requests"]

    def fault(self, **kind):
        self.sandbox.control("faults", {"kind": kind})

    def end(self):
        self.sandbox.end()
        self.folder.cleanup()


GET = "say(told(lambda: bkoauth.get_access_token(Request('alice'))))"
BY_USER = "say(told(lambda: bkoauth.get_access_token_by_user('alice')))"
APP = "say(told(bkoauth.get_app_access_token))"
ROWS = "say(AccessToken.objects.count())"


def _summary(world, tokens):
    alive = sum(world.whose(token) is not None for token in tokens)
    failed = [token.lstrip("!") for token in tokens if token.startswith("!")]
    dead = len(tokens) - alive - len(failed)
    said = [f"{alive} of {len(tokens)} hold a good token"]
    if dead:
        said.append(f"{dead} a dead one")
    if failed:
        said.append(f"{len(failed)} × `{failed[0]}`")
    return alive == len(tokens), ", ".join(said)


def r1(world):
    good, said = _summary(world, world.together(4, GET))
    rows = world.run(ROWS)
    after = world.whose(world.run(GET)) is not None
    return good and after and rows == 1, f"{said}; {rows} row{'s' * (rows > 1)}; the next call gets a {'good' if after else 'dead'} one"


def r2(world):
    return _summary(world, world.together(4, GET))


def r3(world):
    world.run(GET)
    world.later(43200 - 200)
    return _summary(world, world.together(4, BY_USER))


def r5(world):
    program = """
settings.OAUTH_COOKIES_PARAMS = {"bk_token": "bk_token", "bk_uid": "bk_uid"}
late = threading.Event()
class Slow(dict):
    def get(self, name, default=None):
        if name == "bk_uid":
            late.wait(60)
        return super().get(name, default)
from django.db import connections
got = {}
def one(user, kind):
    cookies = kind({"bk_token": "bk_token-of-" + user, "bk_uid": user})
    got[user] = told(lambda: bkoauth.get_access_token(Request(user, cookies=cookies)))
    connections.close_all()
client = bkoauth.client.oauth_client
if hasattr(client, "__dict__") and "auth_cookies_params" in client.__dict__:
    client.auth_cookies_params = settings.OAUTH_COOKIES_PARAMS
first = threading.Thread(target=one, args=("alice", Slow))
first.start()
import time
time.sleep(0.3)
second = threading.Thread(target=one, args=("xiaoming", dict))
second.start()
second.join()
late.set()
first.join()
say(got["alice"])
"""
    whose = world.whose(world.run(program))
    return whose == "alice", f"alice gets the token of {whose}"


def d1(world):
    said = []
    world.fault(name="html", status=502)
    said.append(world.run(GET))
    world.variables["SITE_URL"] = "http://127.0.0.1:9"
    said.append(world.run(GET))
    return said == ["!TokenAPIError"] * 2, " and ".join(f"`{one.lstrip('!')}`" for one in said)


def d2(world):
    world.fault(name="odd", answer="null-data")
    said = world.run(GET)
    return said == "!TokenAPIError", f"`{said.lstrip('!')}`"


def d3(world):
    body = json.dumps({"code": 0, "data": {"access_token": "made-up-by-a-broken-proxy", "expires_in": 43200}})
    world.fault(name="answer", status=500, body=body, content_type="application/json")
    said = world.run(GET)
    return said.startswith("!Token"), f"`{said.lstrip('!')}`" if said.startswith("!") else "handed out as a token"


def d4(world):
    said = world.run("say(told(lambda: bkoauth.get_access_token(Request('alice', 'xiaoming'))))")
    whose = world.whose(said)
    return whose is None, f"`{said.lstrip('!')}`" if whose is None else f"alice gets the token of {whose}, and her row keeps it"


def d5(world):
    world.run("say(told(lambda: bkoauth.get_access_token(Request('', 'alice'))))")
    whose = world.whose(world.run(APP))
    return whose == "the app", f"`get_app_access_token()` then gives the token of {whose}"


def d6(world):
    world.run("told(lambda: bkoauth.get_access_token(Request('alice')))\nsay(told(lambda: bkoauth.get_access_token(Request('xiaoming'))))")
    last = [one for one in world.requests() if "access-tokens" in one["line"]][-1]
    leaked = any(name.lower() == "cookie" for name, _ in last["headers"])
    return not leaked, "sent with the next user's request" if leaked else "not sent"


def d7(world):
    with tls_server() as (url, seen):
        world.variables["SITE_URL"] = url
        world.run(GET)
        return not seen, "the app's secret and the cookie are sent" if seen else "nothing is sent"


def d8(world):
    world.run(GET)
    world.later(15552000 - 60)
    world.run(BY_USER)
    token, refresh = [[one for one in world.requests() if part in one["line"]] for part in ("/auth_api/token/", "/auth_api/refresh_token/")]
    in_line = [name for name in ("app_secret", "bk_ticket", "refresh_token=") if any(name in one["line"] for one in token + refresh)]
    proves = any("app_secret" in one["line"] + one["body"] or "x-bk-app-secret" in str(one["headers"]).lower() for one in refresh)
    where = "in the address: " + ", ".join(f"`{name.rstrip('=')}`" for name in in_line) if in_line else "no secret in an address"
    return not in_line and proves, f"{where}; the refresh {'proves' if proves else 'does not prove'} the app"


def d9(world):
    first = world.run(GET)
    world.run(GET.replace("say(", "settings.RUN_MODE = 'DEVELOP'\nsay(") if world.which == NEW else _as_test(world))
    good = world.whose(first) is not None
    return good, f"production's token is {'good' if good else 'dead'} after the test deployment asked"


def _as_test(world):
    # It reads the setting when it is imported.
    return "bkoauth.client.ENV_NAME = 'test'\nbkoauth.client.oauth_client.env_name = 'test'\n" + GET


def d10(world):
    first = world.run(GET)
    world.site("two")
    world.run(GET)
    good = world.whose(first) is not None
    return good, f"the first host's token is {'good' if good else 'dead'} after the second host asked"


def e1(world):
    program = """
from bkoauth.exceptions import TokenAPIError
class Bare(Request):
    def __init__(self, user, cookies):
        super().__init__(user)
        self.COOKIES = cookies
def caught(user, cookies):
    try:
        bkoauth.get_access_token(Bare(user, cookies))
    except TokenAPIError:
        return True
    except Exception:
        pass
    return False
say([caught("", {}), caught("alice", {}), caught("alice", {"bk_token": "nobody-has-it"})])
"""
    said = world.run(program)
    return all(said), f"{sum(said)} of {len(said)} are caught"


@contextlib.contextmanager
def tls_server():
    spec = importlib.util.spec_from_file_location("bkoauth_tls", HERE / "tls.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with tempfile.TemporaryDirectory() as folder:
        server = module.TlsServer(Path(folder))
        try:
            yield server.url, server.requests
        finally:
            server.server.shutdown()


CASES = [
    ("R1", "4 processes ask for alice first; a new grant ends the one before it", r1, "bk_token", {"regrant": "supersede"}),
    ("R2", "the same; the service gives the token again that is there", r2, "bk_token", {"regrant": "reuse"}),
    ("R3", "4 processes near the end of a token; a refresh token works once", r3, "bk_token", {"tokens": {"refresh": "rotates"}}),
    ("R4", "the same; the refresh token stays, the old access token ends", r3, "bk_token", {"tokens": {"refresh": "constant"}}),
    ("R5", "two threads, two users, two cookie fields", r5, "bk_token", {}),
    ("D1", "a page of HTML in the place of an answer; no server at all", d1, "bk_token", {}),
    ("D2", "success with `data: null`", d2, "bk_token", {}),
    ("D3", "HTTP 500 with a body that looks well", d3, "bk_token", {}),
    ("D4", "alice is logged in, the cookie is another's", d4, "bk_token", {}),
    ("D5", "an anonymous visitor with a cookie", d5, "bk_token", {}),
    ("D6", "a cookie that the service set in one user's exchange", d6, "bk_token", {"tokens": {"set_cookie": True}}),
    ("D7", "a service with a certificate that nobody trusts", d7, "bk_token", {}),
    ("D8", "the auth api: secrets in addresses, and the refresh", d8, "bk_ticket", {}),
    ("D9", "a test deployment of the same app at SSM", d9, "bk_token", {}),
    ("D10", "a second host with a database of its own, auth api", d10, "bk_ticket", {}),
    ("E1", "`except TokenAPIError` around `get_access_token(request)`: nobody is logged in, no cookie, a bad one", e1, "bk_token", {}),
]


def run(stand, which, case):
    _, _, work, backend, rules = case
    world = World(stand, which, backend, **rules)
    try:
        return work(world)
    finally:
        world.end()


def table(stand, only=()):
    lines = [f"| | Done | {OLD} | {NEW} |", "|---|---|---|---|"]
    for case in [case for case in CASES if not only or case[0] in only]:
        cells = [run(stand, which, case)[1] for which in (OLD, NEW)]
        lines.append(f"| {case[0]} | {case[1]} | {cells[0]} | {cells[1]} |")
        print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def load_stand():
    spec = importlib.util.spec_from_file_location("tokenward_stand", HERE.parent / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GUIDE = HERE.parents[3] / "docs" / "guide"


def write(filled):
    """Puts the table into the pages."""
    import compare_words

    for page, table in ((GUIDE / "bkoauth.md", filled), (GUIDE / "zh" / "bkoauth.md", compare_words.in_chinese(filled))):
        text = page.read_text(encoding="utf-8")
        head, rest = text.split(BEGIN)
        page.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    writes = sys.argv[1:2] == ["--write"]
    filled = table(load_stand(), () if writes else sys.argv[1:])
    write(filled) if writes else print(filled)
