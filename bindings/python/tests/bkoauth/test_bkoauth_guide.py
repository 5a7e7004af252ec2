"""The pages of the guide, in both languages: their code is a site that is run."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[4] / "docs" / "guide"
PAGES = [DOCS / "bkoauth.md", DOCS / "zh" / "bkoauth.md"]

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import first_lines
import django
django.setup()
import bkoauth, tasks, views
import json, tokenward
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.test import RequestFactory, override_settings
call_command("migrate", verbosity=0)

def ask(user, cookie, **headers):
    request = RequestFactory().get("/whose/?page=2", headers=headers) if django.VERSION >= (4, 2) else RequestFactory().get(
        "/whose/?page=2", **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()})
    request.user = type("User", (), {"username": user, "is_authenticated": bool(user)})
    request.session = SessionStore()
    request.session["of"] = user
    if cookie:
        request.COOKIES["bk_token"] = "bk_token-of-" + cookie
    answer = views.whose(request)
    return [answer.status_code, answer.get("Location"), json.loads(answer.content or "null"), request.session.get("of")]

print(json.dumps({
    "file": bkoauth.__file__,
    "answer": ask("alice", "alice"),
    "nobody": ask("", None),
    "expired": ask("xiaoming", "nobody-any-more"),
    "anothers": ask("xiaoming", "alice"),
    # Another's cookie made her a new token.
    "nightly": tasks.nightly("alice"),
    "script": ask("xiaoming", None, **{"X-Requested-With": "XMLHttpRequest"}),
}))
with override_settings(OAUTH_API_URL="http://127.0.0.1:9", TOKENWARD_BKOAUTH_PROFILE="elsewhere"):
    print(json.dumps(ask("alice", "alice")))
with override_settings(OAUTH_COOKIES_PARAMS={"bk_token": "bk_tokn"}):
    print(json.dumps(ask("xiaoming", "xiaoming")))
"""


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_code_of_the_page_is_a_site_that_works(site, page, tmp_path):
    import json

    pytest.importorskip("requests")
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names = [re.match(r"# (\w+\.py)\b.*\n", block) for block in blocks]
    files = {(name.group(1) if name else "first_lines.py"): block for name, block in zip(names, blocks)}
    assert sorted(files) == ["first_lines.py", "settings.py", "tasks.py", "views.py"]
    del files["settings.py"]
    for name, block in files.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    gateway = site.sandbox.settings["TOKENWARD_OPEN_URL"].rstrip("/") + "/app"
    told, failed, misset = map(json.loads, site.run(RUN, str(tmp_path), SITE_GATEWAY=gateway).stdout.splitlines())
    assert "tokenward" in told["file"] and told["answer"][2]["data"]["user"]["username"] == "alice"
    assert [site.whose(token) for token in told["nightly"]] == ["alice", "~app"]
    # Whoever has to log in is sent there and comes back to where they were; where the cookie is another's, not as the one of before.
    login = "http://127.0.0.1:9/?c_url=http%3A%2F%2Ftestserver%2Fwhose%2F%3Fpage%3D2&app_code=" + site.variables["SITE_APP"]
    for who, user in (("nobody", ""), ("expired", "xiaoming"), ("anothers", None)):
        assert told[who] == [302, login, None, user]
    assert told["script"] == [401, None, {"login_url": login}, "xiaoming"]
    # Nobody is sent there for what logging in cannot mend.
    assert failed[0] == 503 and failed[2]["code"] == "TW0502"
    assert misset[0] == 503 and misset[3] == "xiaoming"


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_settings_of_the_page_are_all_that_a_new_project_needs(site, page, settings_override, monkeypatch):
    """With what the sandbox says to paste."""
    import bkoauth
    from django.core.checks import run_checks

    [block] = re.findall(r"```python\n(# settings\.py.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for name, value in site.sandbox.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TOKENWARD_HOME", str(site.home))
    names = {"INSTALLED_APPS": []}
    exec(block, names)
    settings = {name: value for name, value in names.items() if name.isupper()}
    assert settings.pop("INSTALLED_APPS") == ["bkoauth"]
    with settings_override(SECRET_KEY="django-insecure-drawn", **settings):
        assert [found for found in run_checks() if found.id.startswith("tokenward")] == []
        assert site.whose(bkoauth.get_access_token(site.request("alice")).access_token) == "alice"


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_sandboxs_cookie_is_left_out_of_the_sites_shell(site, page):
    """With it a command for another user spends alice's cookie; without it nothing happens to her."""
    import bkoauth

    text, name = page.read_text(encoding="utf-8"), "TOKENWARD_BK_TOKEN"
    token = bkoauth.get_access_token(site.request("alice")).access_token
    shell = site.stand.Stand(site.sandbox, site.home)
    assert f"`{name}`" in text and shell.variables[name] == "bk_token-of-alice"
    cookie = shell.variables.pop(name)
    assert "TW0401" in shell.run("token", "--user", "xiaoming").stderr and site.whose(token) == "alice"
    shell.variables[name] = cookie
    assert "TW0412" in shell.run("token", "--user", "xiaoming").stderr and site.whose(token) is None
    assert "TW0412" in text.split(f"`{name}`", 2)[2].split("\n\n")[0]


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_page_says_what_apigw_required_needs(page, monkeypatch):
    import sys

    from bkoauth.jwt_client import JWTClient
    from django.test import RequestFactory

    monkeypatch.setitem(sys.modules, "jwt", None)
    [command] = re.findall(r"pip install .*$", JWTClient(RequestFactory().get("/")).error_message)
    assert f"`{command}`" in page.read_text(encoding="utf-8")


def test_both_languages_say_the_same(site):
    """Settings and links are the same in both; the comparison is one run."""
    english, chinese = (page.read_text(encoding="utf-8") for page in PAGES)
    # A setting that the page names is one that is read, and the other way round.
    from bkoauth import django_conf

    source = Path(django_conf.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r"TOKENWARD_BKOAUTH_\w+", source)) == set(re.findall(r"TOKENWARD_BKOAUTH_\w+", english))
    for pattern in (r"TOKENWARD_\w+", r"TW\d{4}", r"OAUTH_\w+"):
        assert set(re.findall(pattern, english)) == set(re.findall(pattern, chinese))
    between = re.compile(r"<!-- compare: begin -->\n(.*?)<!-- compare: end -->", re.DOTALL)
    import compare_words

    table = between.search(english).group(1)
    assert table.count("\n") == 18 and between.search(chinese).group(1) == compare_words.in_chinese(table) + "\n"
