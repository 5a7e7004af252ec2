"""The unmodified `bkoauth` from PyPI, in Django, against the sandbox: one process per dialect.

Reads the sandbox's settings as JSON from stdin. `python bkoauth_test.py ssm|auth_api`

What it sends must equal captures of the real thing, and what becomes of it in a race must be what is known of it (four
rows, integrity errors, dead tokens): so the sandbox treats it as BlueKing's servers do. `python bkoauth_test.py worker` is
one process of such a race; it reads what to do from stdin, waits for a line, and prints what came of it.
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

# Environment variables win over settings in bkoauth.
for name in ("OAUTH_API_URL", "OAUTH_COOKIES_PARAMS", "OAUTH_PARAMS", "BKAUTH_BACKEND_TYPE"):
    os.environ.pop(name, None)

COOKIES = {
    "ssm": {"bk_token": "bk_token"},
    "auth_api": {"bk_ticket": "bk_ticket", "rtx": "bk_uid"},
}
DOORS = {"ssm": "ssm", "auth_api": "auth-api"}
SOON = 300


class User:
    def __init__(self, username):
        self.username = username


class Request:
    """As much of a Django request as bkoauth looks at."""

    def __init__(self, username):
        self.user = User(username)
        uid = {"alice": "o0123", "bob": "o0456"}[username]
        self.COOKIES = {"bk_token": f"bk-token-{username}", "bk_ticket": f"ticket-{username}", "bk_uid": uid}
        self.session, self.GET = {}, {}
        self.META = {"REMOTE_ADDR": "127.0.0.1"}


def set_up(dialect, url, database, expires_seconds=None):
    """Django with bkoauth and nothing else; its names, which exist only now."""
    from django.conf import settings

    more = {} if expires_seconds is None else {"EXPIRES_SECONDS": expires_seconds}
    if dialect == "ssm":
        more["BKAUTH_BACKEND_TYPE"] = "bk_token"
    settings.configure(
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "bkoauth.BkoauthConfig",
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "OPTIONS": {"timeout": 60}},
        },
        APP_CODE="demo-app",
        SECRET_KEY="demo-secret",
        RUN_MODE="PRODUCT",
        OAUTH_API_URL=url,
        OAUTH_COOKIES_PARAMS=COOKIES[dialect],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        LOGGING_CONFIG=None,
        **more,
    )
    import django

    # What it logs is of no interest here, and would only hide the checks.
    logging.disable(logging.CRITICAL)
    django.setup()
    import bkoauth

    return bkoauth


def worker():
    task = json.loads(sys.stdin.readline())
    bkoauth = set_up(task["dialect"], task["url"], task["database"], task["expires_seconds"])
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        if task["what"] == "migrate":
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            answer = {}
        elif task["what"] == "count":
            for _ in range(5):
                bkoauth.get_app_access_token()
            for _ in range(5):
                bkoauth.get_access_token(Request("alice"))
            for _ in range(5):
                bkoauth.get_access_token_by_user("alice")
            answer = {}
        elif task["what"] == "first":
            answer = {"token": bkoauth.get_access_token(Request("alice")).access_token}
        else:
            answer = {"token": bkoauth.get_access_token_by_user("alice").access_token}
    except Exception as error:
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)


class Test:
    def __init__(self, dialect, settings):
        self.dialect, self.settings = dialect, settings
        self.url = settings["blueking"][dialect]
        self.passed = self.failed = 0
        self.folder = tempfile.TemporaryDirectory()
        self.bkoauth = None

    def check(self, name, condition, seen=None):
        if condition:
            self.passed += 1
            print(f"ok   bkoauth {self.dialect}: {name}")
        else:
            self.failed += 1
            print(f"FAIL bkoauth {self.dialect}: {name}: {seen!r}")

    def control(self, method, route, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.settings['control']}/control/{route}", data, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    def rules(self, rules):
        self.control("PATCH", "rules", {"blueking": {self.dialect: rules}})

    def counters(self):
        return self.control("GET", "counters")["counters"]["doors"].get(DOORS[self.dialect], {})

    def valid(self):
        """Every access token of this door that its server takes now."""
        grants = self.control("GET", "grants")["grants"]
        here = (grant for grant in grants if grant["door"] == DOORS[self.dialect])
        return {token["token"] for grant in here for token in grant["access_tokens"]}

    def wait_for_hanging(self, count):
        while self.control("GET", "faults")["hanging"] < count:
            time.sleep(0.01)

    def any_answer(self):
        """An address that is answered and changes nothing."""
        return self.settings["plain"]["issuer"] + "/.well-known/openid-configuration"

    def database(self, name):
        """A fresh database with bkoauth's table."""
        path = os.path.join(self.folder.name, f"{name}.sqlite3")
        self.race("migrate", path, 1, hold=False)
        return path

    def rows(self, path):
        import sqlite3

        with sqlite3.connect(path) as connection:
            return connection.execute(
                "select access_token, user_id from bkoauth_access_token order by id"
            ).fetchall()

    def near_its_end(self, path):
        import sqlite3

        with sqlite3.connect(path) as connection:
            connection.execute(
                "update bkoauth_access_token set expires = datetime('now', ?)", (f"+{SOON} seconds",)
            )

    def race(self, what, path, processes=4, expires_seconds=3600, hold=True):
        """Processes that all have asked before the first is answered; what came of each."""
        task = {
            "dialect": self.dialect,
            "url": self.url,
            "database": path,
            "what": what,
            "expires_seconds": expires_seconds,
        }
        if hold:
            # All wait for their answers; the one whose request came last is answered when the others are through.
            self.control("POST", "faults", {"kind": {"name": "hang"}, "stage": "after", "times": processes - 1})
            self.control("POST", "faults", {"kind": {"name": "overtaken", "by": processes}})
        children = [
            subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), "worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(processes)
        ]
        for child in children:
            child.stdin.write(json.dumps(task) + "\n")
            child.stdin.flush()
        for child in children:
            child.stdout.readline()
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        if hold:
            self.wait_for_hanging(processes)
            self.control("POST", "release", {})
            while sum(child.poll() is not None for child in children) < processes - 1:
                time.sleep(0.01)
            # One more answer lets the last of them go.
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.any_answer()).close()
        answers = [json.loads(child.communicate()[0]) for child in children]
        self.control("DELETE", "faults")
        return answers

    def capture(self, name, call, line, body=None):
        """One call, and the one request that it must send."""
        self.control("DELETE", "requests")
        answer = call()
        kept = self.control("GET", "requests")["requests"]
        self.check(f"{name} is one request", len(kept) == 1, kept)
        kept = kept[0]
        self.check(f"{name}: request line", kept["line"] == line, kept["line"])
        self.check(f"{name}: headers", kept["headers"] == self.headers(body), kept["headers"])
        self.check(f"{name}: body", kept["body"] == (body or ""), kept["body"])
        return answer

    def headers(self, body):
        import requests

        headers = [
            ["Host", self.url.replace("http://", "")],
            ["User-Agent", "python-requests/2.34.2"],
            # "gzip, deflate", and more where Python itself can do more.
            ["Accept-Encoding", requests.utils.default_headers()["Accept-Encoding"]],
            ["Accept", "*/*"],
            ["Connection", "keep-alive"],
        ]
        if body is not None:
            headers += [
                ["X-BK-APP-CODE", "demo-app"],
                ["X-BK-APP-SECRET", "demo-secret"],
                ["Content-Length", str(len(body))],
                ["Content-Type", "application/json"],
            ]
        return headers

    def functions(self):
        """The four functions, and what they send (with the default margin of a day)."""
        from django.core.management import call_command

        path = os.path.join(self.folder.name, "main.sqlite3")
        self.bkoauth = bkoauth = set_up(self.dialect, self.url, path)
        call_command("migrate", verbosity=0)
        from bkoauth.exceptions import TokenAPIError, TokenNotExist
        from bkoauth.models import AccessToken

        self.control("PATCH", "rules", {"keep_requests": True})
        ssm = self.dialect == "ssm"
        post = "POST /api/v1/auth/access-tokens HTTP/1.1"
        get = "GET /auth_api/token/?app_code=demo-app&app_secret=demo-secret&env_name=prod&"

        app_body = '{"grant_type": "client_credentials", "id_provider": "client"}'
        app = self.capture(
            "app token",
            bkoauth.get_app_access_token,
            post if ssm else get + "grant_type=client_credentials&need_new_token=True HTTP/1.1",
            app_body if ssm else None,
        )
        self.check("app token is good", app.access_token in self.valid())
        self.check("app token has the length of the examples", len(app.access_token) == 30, app.access_token)

        user_body = '{"grant_type": "authorization_code", "id_provider": "bk_login", "bk_token": "bk-token-alice"}'
        user = self.capture(
            "user token",
            lambda: bkoauth.get_access_token(Request("alice")),
            post
            if ssm
            else get
            + "bk_client_ip=127.0.0.1&grant_type=authorization_code&need_new_token=True&bk_ticket=ticket-alice&rtx=123"
            + " HTTP/1.1",
            user_body if ssm else None,
        )
        self.check("user token is good", user.access_token in self.valid())
        self.check("it is stored under the user", user.user_id == "alice", user.user_id)
        life = 43200 if ssm else 15552000
        from django.utils import timezone

        left = (user.expires - timezone.now()).total_seconds()
        self.check(f"it lives for {life} s", life - 60 < left <= life, left)

        # bkoauth's refresh changes the row that it is given.
        refresh, old = user.refresh_token, user.access_token
        self.check("refresh token has the length of the examples", re.fullmatch("[0-9A-Za-z]{30}", refresh), refresh)
        body = json.dumps({"refresh_token": refresh})
        query = f"grant_type=refresh_token&app_code=demo-app&env_name=prod&refresh_token={refresh}&need_new_token=True"
        renewed = self.capture(
            "by user, near its end" if ssm else "refresh",
            # A day is longer than the whole life of SSM's tokens, so there this refreshes.
            (lambda: bkoauth.get_access_token_by_user("alice")) if ssm else (lambda: bkoauth.refresh_token(user)),
            "POST /api/v1/auth/access-tokens/refresh HTTP/1.1" if ssm else f"GET /auth_api/refresh_token/?{query} HTTP/1.1",
            body if ssm else None,
        )
        self.check("the renewed token is good", renewed.access_token in self.valid())
        self.check("the old one is dead", renewed.access_token != old and old not in self.valid())
        constant = renewed.refresh_token == refresh
        self.check("the refresh token " + ("stays" if ssm else "turns"), constant == ssm, renewed.refresh_token)
        if ssm:
            self.capture("app token again", bkoauth.get_app_access_token, post, app_body)
            again = bkoauth.refresh_token(renewed)
            self.check("refresh works at will", again.access_token in self.valid())
        else:
            before = self.counters()["requests"]
            token = bkoauth.get_app_access_token().access_token
            token_by_user = bkoauth.get_access_token_by_user("alice").access_token
            self.check("tokens of 180 days are kept", self.counters()["requests"] == before)
            self.check("and they are good", {token, token_by_user} <= self.valid())
        self.control("PATCH", "rules", {"keep_requests": False})

        def raises(kind, call):
            try:
                call()
            except kind:
                return True
            return False

        self.check("TokenNotExist", raises(TokenNotExist, lambda: bkoauth.get_access_token_by_user("nobody")))
        stranger = Request("bob")
        stranger.COOKIES = {"bk_token": "forged", "bk_ticket": "forged", "bk_uid": "o0456"}
        self.check("an unknown cookie is refused", raises(TokenAPIError, lambda: bkoauth.get_access_token(stranger)))
        row = AccessToken.objects.get(user_id="alice")
        kept = row.access_token
        self.control("POST", "faults", {"operation": "refresh", "kind": {"name": "code", "code": 1901403}})
        self.check("a refused refresh is TokenAPIError", raises(TokenAPIError, lambda: bkoauth.refresh_token(row)))
        self.check("and leaves the row", AccessToken.objects.get(user_id="alice").access_token == kept)
        # It reads `error.message`, which Python 3 does not have.
        self.control("POST", "faults", {"kind": {"name": "html", "status": 502}})
        self.check("a page is an AttributeError", raises(AttributeError, lambda: bkoauth.refresh_token(row)))
        self.control("POST", "faults", {"kind": {"name": "odd", "answer": "null-data"}})
        self.check("no data is a TypeError", raises(TypeError, lambda: bkoauth.refresh_token(row)))
        if ssm:
            self.rules({"tokens": {"success_code": "text"}})
            self.check("a code that is text is a refusal", raises(TokenAPIError, lambda: bkoauth.refresh_token(row)))
            self.rules({"tokens": {"success_code": "number"}})
        self.rules({"tokens": {"set_cookie": True}})
        AccessToken.objects.all().delete()
        bkoauth.get_access_token(Request("alice"))
        bkoauth.get_access_token(Request("bob"))
        self.rules({"tokens": {"set_cookie": False}})
        visits = [record["event"] for record in self.control("GET", "history")["history"]]
        last = [visit for visit in visits if visit.get("operation") == "cookie-grant"][-1]
        self.check(
            "its one session sends alice's cookie with bob's grant",
            (last["session"], last["user"]) == ("alice", "bob"),
            last,
        )

    def counts(self):
        """Fifteen calls, five of each getter."""
        wanted = [(None, 15, 10, 5), (3600, 2, 2, 0)] if self.dialect == "ssm" else [(None, 2, 2, 0)]
        for margin, requests, grants, refreshes in wanted:
            before = self.counters()
            self.race("count", self.database(f"count-{margin}"), 1, margin, hold=False)
            after = self.counters()
            rise = {name: after[name] - before.get(name, 0) for name in after}
            seen = (rise["requests"], rise["app_grants"] + rise["cookie_grants"], rise["refreshes"])
            self.check(f"15 calls, margin {margin}: {requests} requests", seen == (requests, grants, refreshes), seen)

    def seeded(self, name):
        """A database with one good row of alice's that is near its recorded end."""
        path = self.database(name)
        self.race("first", path, 1, hold=False)
        self.near_its_end(path)
        return path

    def races(self):
        path = self.database("r1")
        mint = {"regrant": "supersede"} if self.dialect == "ssm" else {"obeys_need_new_token": False}
        reuse = {"regrant": "reuse"} if self.dialect == "ssm" else {"obeys_need_new_token": True, "true_text_mints": False}
        back = {"regrant": "supersede"} if self.dialect == "ssm" else {"obeys_need_new_token": True, "true_text_mints": True}

        self.rules(mint)
        answers = self.race("first", path)
        tokens = {answer.get("token") for answer in answers}
        rows = [token for token, _ in self.rows(path)]
        self.check("R1: four first grants are four rows", len(rows) == 4 and set(rows) == tokens, answers)
        self.check("R1: one token is good", len(tokens & self.valid()) == 1, tokens)
        served = self.race("by-user", path, 1, hold=False)[0]["token"]
        self.check("R1: the row that is served is dead", served == rows[0] and served not in self.valid(), served)

        self.rules(reuse)
        # Another user's token would do as well; this one is gone, so that all four ask for the first.
        self.control("POST", "withdraw", {"app": "demo-app", "user": "alice"})
        path = self.database("r2")
        answers = self.race("first", path)
        errors = [answer["error"] for answer in answers if "error" in answer]
        self.check("R2: one row", len(self.rows(path)) == 1, self.rows(path))
        self.check("R2: three of four callers get IntegrityError", errors == ["IntegrityError"] * 3, answers)

        self.rules({**back, "tokens": {"refresh": "rotates"}})
        path = self.seeded("r3")
        answers = self.race("by-user", path)
        errors = [answer["error"] for answer in answers if "error" in answer]
        rows = {token for token, _ in self.rows(path)}
        self.check("R3: one of four refreshes works", errors == ["TokenAPIError"] * 3, answers)
        self.check("R3: the row is good", len(rows) == 1 and rows <= self.valid(), rows)
        replays = self.counters()["replays"]

        self.rules({"tokens": {"refresh": "constant"}})
        path = self.seeded("r4")
        answers = self.race("by-user", path)
        tokens = {answer.get("token") for answer in answers}
        self.check("R4: four refreshes give four tokens", len(tokens) == 4 and None not in tokens, answers)
        self.check("R4: three of them are dead", len(tokens & self.valid()) == 1, tokens)
        self.check("R4: nothing of it is a replay", self.counters()["replays"] == replays)
        self.rules({"tokens": {"refresh": "constant" if self.dialect == "ssm" else "rotates"}})


def main():
    if sys.argv[1:] == ["worker"]:
        return worker()
    test = Test(sys.argv[1], json.load(sys.stdin))
    test.functions()
    test.counts()
    test.races()
    test.folder.cleanup()
    print(f"passed={test.passed} failed={test.failed}")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
