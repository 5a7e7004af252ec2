"""The official Python SDK through `tokenward proxy`: nothing is changed but the domain, and it is given no secret.

Reads the sandbox's settings as JSON from stdin. `python lark_oapi_proxy_test.py TOKENWARD`
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request

import lark_oapi as lark
from lark_oapi.api.authen.v1 import GetUserInfoRequest
from lark_oapi.api.wiki.v2 import ListSpaceRequest

passed = failed = 0


def check(name, condition, seen=None):
    global passed, failed
    if condition:
        passed += 1
        print(f"ok   lark-oapi through the proxy: {name}")
    else:
        failed += 1
        print(f"FAIL lark-oapi through the proxy: {name}: {seen!r}")


def control(settings, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(settings["control"] + path, data)) as answer:
        return json.load(answer)


def log_in(tokenward, env):
    login = subprocess.Popen([tokenward, "login", "--no-browser", "--scope", "wiki:wiki"], env=env, stdout=subprocess.PIPE, text=True)
    with urllib.request.urlopen(login.stdout.readline().strip()) as page:
        page.read()
    return login.wait(30)


def client_of(domain, secret):
    return lark.Client.builder().app_id("any").app_secret(secret).domain(domain).enable_set_token(True).build()


def run(settings, tokenward, home):
    brand = settings["brands"]["feishu"]
    env = {
        "PATH": os.environ["PATH"],
        "TOKENWARD_HOME": home,
        "TOKENWARD_PROVIDER": "feishu",
        "TOKENWARD_OPEN_URL": brand["open"],
        "TOKENWARD_ACCOUNTS_URL": brand["accounts"],
        "TOKENWARD_APP_ID": brand["app_id"],
        "TOKENWARD_APP_SECRET": brand["app_secret"],
        "TOKENWARD_REDIRECT_URI": settings["redirect_uri"],
    }
    check("login", log_in(tokenward, env) == 0)
    words = [tokenward, "proxy", "--listen", "127.0.0.1:0", "--secret", "--print-env"]
    proxy = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        settings_of = {}
        while "USER_ACCESS_TOKEN" not in settings_of:
            name, value = proxy.stdout.readline().removeprefix("export ").split("=", 1)
            settings_of[name] = value.strip().strip("'")
        # The proxy's local secret stands where an app's would, because this SDK takes no domain with a path.
        client = client_of(settings_of["LARK_DOMAIN"], settings_of["APP_SECRET"])
        person = lark.RequestOption.builder().user_access_token(settings_of["USER_ACCESS_TOKEN"]).build()

        def user_info():
            return client.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), person)

        answer = user_info()
        check("user_info", answer.success() and answer.data.name == settings["user"]["name"], answer.msg)
        # Without a user's token the SDK fetches a tenant's with the id and secret that it was given.
        spaces = client.wiki.v2.space.list(ListSpaceRequest.builder().build())
        check("the SDK fetches a token with the local secret", spaces.success(), spaces.msg)
        control(settings, "/control/clock", {"advance_seconds": 7300})
        before = control(settings, "/control/counters")["counters"]["rotations"]
        answer = user_info()
        check("user_info after the token's end", answer.success(), answer.msg)
        turned = control(settings, "/control/counters")["counters"]["rotations"] - before
        check("one turn", turned == 1, turned)
    finally:
        proxy.terminate()
        check("it ends well", proxy.wait(30) == 0, proxy.returncode)


try:
    with tempfile.TemporaryDirectory() as home:
        run(json.load(sys.stdin), sys.argv[1], home)
except Exception as error:  # a crash is a failed check, with its reason
    import traceback

    traceback.print_exc()
    check("the script ran to its end", False, error)
print(f"passed={passed} failed={failed}")
sys.exit(1 if failed else 0)
