"""The four functions: whose token, how often the token service is asked, what a failure is."""

import pickle
import threading
from unittest import mock

import pytest

import bkoauth
from bkoauth.exceptions import TokenAPIError, TokenException, TokenNotExist

BACKENDS = ["bk_token", "bk_ticket"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_gets_the_token_of_that_very_user(make_site, backend):
    site = make_site(backend)
    alice = bkoauth.get_access_token(site.request("alice"))
    other = bkoauth.get_access_token(site.request("xiaoming"))
    app = bkoauth.get_app_access_token()
    assert [site.whose(row.access_token) for row in (alice, other, app)] == ["alice", "xiaoming", "~app"]
    assert [row.user_id for row in (alice, other, app)] == ["alice", "xiaoming", None]
    assert site.exchanges() == 3
    # What is good is not asked for again, by whichever function.
    for _ in range(3):
        assert bkoauth.get_access_token(site.request("alice")).access_token == alice.access_token
        assert bkoauth.get_access_token_by_user("alice").access_token == alice.access_token
        assert bkoauth.get_app_access_token().access_token == app.access_token
    assert site.exchanges() == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_token_that_is_due_is_refreshed_for_a_user_who_is_away(make_site, backend):
    site = make_site(backend)
    first = bkoauth.get_access_token(site.request("alice"))
    life = 43200 if backend == "bk_token" else 15552000
    site.later(life - 60)
    second = bkoauth.get_access_token_by_user("alice")
    assert second.access_token != first.access_token and site.whose(second.access_token) == "alice"
    assert site.counters()["refreshes"] == 1


def test_refresh_token_gives_a_newer_one_and_an_old_row_the_present_one(site):
    first = bkoauth.get_access_token(site.request("alice"))
    held = first.access_token
    row = bkoauth.refresh_token(first)
    assert row.access_token != held and site.whose(row.access_token) == "alice"
    assert site.counters()["refreshes"] == 1
    # Another who still holds the first one is given the second, and nothing is asked.
    row.access_token = held
    assert site.whose(bkoauth.refresh_token(row).access_token) == "alice"
    assert site.counters()["refreshes"] == 1
    app = bkoauth.get_app_access_token()
    held = app.access_token
    assert bkoauth.refresh_token(app).access_token != held
    unsaved = type(app)(user_id="", access_token="x")
    with pytest.raises(TokenNotExist):
        bkoauth.refresh_token(unsaved)


def test_nobody_is_nobody_and_never_the_app(site):
    app = bkoauth.get_app_access_token()
    for request in (site.request("", cookies_of="alice"), site.request(None, cookies_of="alice")):
        with pytest.raises(TokenNotExist) as told:
            bkoauth.get_access_token(request)
        assert told.value.code == "TW0401"
    request = site.request("alice")
    request.user.is_authenticated = False
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token(request)
    for name in ("", "  ", None):
        with pytest.raises(TokenNotExist):
            bkoauth.get_access_token_by_user(name)
    assert [row.user_id for row in site.rows()] == [None]
    assert bkoauth.get_app_access_token().access_token == app.access_token
    assert site.exchanges() == 1


def test_code_that_was_written_for_bkoauth_catches_every_failure_of_a_request(site):
    """There it is always TokenAPIError; TokenNotExist is what get_access_token_by_user raises."""
    anonymous, no_cookie, bad_cookie = site.request("", cookies_of="alice"), site.request("alice"), site.request("alice")
    no_cookie.COOKIES, bad_cookie.COOKIES = {}, {"bk_token": "nobody-has-it"}
    for request, codes in ((anonymous, ["TW0401"]), (no_cookie, ["TW0401"]), (bad_cookie, ["TW0411"])):
        for ask in (bkoauth.get_access_token, bkoauth.client.oauth_client._get_access_token_data):
            with pytest.raises(TokenAPIError) as told:
                ask(request)
            # And what was written for ours catches what it did.
            assert [told.value.code] == codes and isinstance(told.value, TokenNotExist) == (codes == ["TW0401"])
            assert told.value.needs_login
            copied = pickle.loads(pickle.dumps(told.value))
            assert (type(copied), str(copied)) == (type(told.value), str(told.value))
    with pytest.raises(TokenNotExist) as told:
        bkoauth.get_access_token_by_user("carol")
    assert not isinstance(told.value, TokenAPIError)


def test_the_cookie_of_another_user_gives_nothing(site):
    with pytest.raises(TokenAPIError) as told:
        bkoauth.get_access_token(site.request("alice", cookies_of="xiaoming"))
    assert told.value.code == "TW0412"
    assert [row.user_id for row in site.rows()] == []
    # The other user's tokens are the site's all the same, and the command finds them as such.
    assert [note.suffix for note in (site.home / "bkoauth").iterdir() if note.suffix == ".service"] == [".service"]
    # Nor does one in the address of the request.
    request = site.request("alice")
    request.GET, request.COOKIES = request.COOKIES, {}
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token(request)
    request.session, request.GET = request.GET, {}
    assert site.whose(bkoauth.get_access_token(request).access_token) == "alice"


def test_a_cookie_is_looked_at_where_a_login_has_to_be_made(site):
    """While her token is good, one that has expired or is another's changes nothing."""
    first = bkoauth.get_access_token(site.request("alice")).access_token
    for owner in ("nobody-any-more", "xiaoming", ""):
        assert bkoauth.get_access_token(site.request("alice", cookies_of=owner)).access_token == first
    assert site.exchanges() == 1 and [row.user_id for row in site.rows()] == ["alice"]


def test_a_failure_is_one_of_bkoauths_with_code_and_hint(site):
    with pytest.raises(TokenNotExist) as told:
        bkoauth.get_access_token_by_user("carol")
    assert told.value.code == "TW0401" and "TW0401" in str(told.value)
    with pytest.raises(TokenAPIError) as told:
        request = site.request("alice")
        request.COOKIES = {"bk_token": "nobody-has-it"}
        bkoauth.get_access_token(request)
    assert told.value.code == "TW0411"
    copied = pickle.loads(pickle.dumps(told.value))
    assert copied.code == "TW0411" and str(copied) == str(told.value) and isinstance(copied, TokenException)


def test_a_service_that_is_not_there_is_a_failure_of_the_api(site, settings_override):
    with settings_override(OAUTH_API_URL="http://127.0.0.1:9"):
        with pytest.raises(TokenAPIError) as told:
            bkoauth.get_app_access_token()
        assert told.value.code == "TW0502"
    with settings_override(OAUTH_API_URL="bkssm without a scheme"):
        with pytest.raises(TokenAPIError) as told:
            bkoauth.get_app_access_token()
        assert told.value.code == "TW0207"


def test_what_cannot_be_promised_is_refused_in_words(site, settings_override, monkeypatch):
    for store in ("server", "database", "redis"):
        monkeypatch.setenv("TOKENWARD_BKOAUTH_STORE", store)
        with pytest.raises(TokenAPIError, match="TOKENWARD_BKOAUTH_STORE") as told:
            bkoauth.get_app_access_token()
        assert told.value.code == "TW0207"
        from django.core.checks import run_checks

        assert [found.id for found in run_checks() if found.id.startswith("tokenward")] == ["tokenward.E001"]
    monkeypatch.setenv("TOKENWARD_BKOAUTH_STORE", "vault")
    with settings_override(OAUTH_API_URL="http://bkssm.example.com:5000"):
        with pytest.raises(TokenAPIError, match="TOKENWARD_BKOAUTH_ALLOW_HTTP"):
            bkoauth.get_app_access_token()
    assert bkoauth.get_app_access_token().access_token


def test_tls_is_verified(site, settings_override, tls_server):
    """A certificate that nobody trusts: bkoauth sends the app's secret there, we do not."""
    with settings_override(OAUTH_API_URL=tls_server.url):
        with pytest.raises(TokenAPIError) as told:
            bkoauth.get_app_access_token()
    assert told.value.code == "TW0502" and tls_server.requests == []


def test_another_apps_credentials_through_the_private_method(site):
    """As BlueKing's DBM does it."""
    from bkoauth.client import oauth_client
    from bkoauth.django_conf import OAUTH_API_URL, OAUTH_COOKIES_PARAMS, OAUTH_PARAMS

    other = site.sandbox.control("apps", {"brand": "blueking", "id": "other-app", "secret": "another-secret-of-32-characters-"})
    client = type(oauth_client)(OAUTH_API_URL, OAUTH_COOKIES_PARAMS, **OAUTH_PARAMS)
    client.app_code, client.secret_key = other["app"]["id"], other["app"]["secret"]
    data = client._get_access_token_data(site.request("alice"))
    assert site.whose(data.get("access_token")) == "alice" and 43000 < data["expires_in"] <= 43200
    assert oauth_client.app_code == site.variables["SITE_APP"] and not data["refresh_token"]
    assert site.rows() == []
    own = bkoauth.get_access_token(site.request("alice"))
    assert own.access_token != data["access_token"]


def test_what_goes_with_the_cookie_is_passed_on(site, settings_override):
    site.sandbox.control("rules", {"keep_requests": True}, method="PATCH")
    fields = {"bk_token": "bk_token", "bk_uid": "bk_uid"}
    with settings_override(OAUTH_COOKIES_PARAMS=fields, OAUTH_PARAMS={"bk_env": "tencent"}):
        assert bkoauth.get_access_token(site.request("alice")).access_token
        request = site.request("xiaoming")
        del request.COOKIES["bk_uid"]
        assert bkoauth.get_access_token(request).access_token
    import json

    sent = [json.loads(one["body"]) for one in site.sandbox.control("requests")["requests"] if one["body"]]
    asked = [body for body in sent if "bk_token" in body]
    assert asked[0]["bk_uid"] == "alice" and asked[0]["bk_env"] == "tencent"
    assert "bk_uid" not in asked[1] and asked[1]["bk_env"] == "tencent"


def test_a_login_that_shows_no_cookie_is_none_of_the_signals_affairs(site, log):
    """By a password, as in a site's own tests and on its admin page."""
    from django.contrib.auth.models import User
    from django.test import Client

    User.objects.filter(username="alice").delete()
    alice = User.objects.create_superuser("alice", "", "alice")
    assert Client().login(username="alice", password="alice")
    Client().force_login(alice)
    page = Client().post("/admin/login/?next=/admin/", {"username": "alice", "password": "alice"})
    assert page.status_code == 302
    assert [record for record in log.records if record.name == "component"] == []
    assert site.exchanges() == 0 and site.rows() == []


def test_the_signal_makes_a_token_and_never_hinders_a_login(site, settings_override):
    from django.contrib.auth.signals import user_logged_in

    request = site.request("alice")
    user_logged_in.send(sender=None, request=request, user=mock.Mock())
    assert [row.user_id for row in site.rows()] == ["alice"]
    request = site.request("alice", cookies_of="nobody")
    with settings_override(OAUTH_API_URL="http://127.0.0.1:9"):
        user_logged_in.send(sender=None, request=request, user=mock.Mock())


def test_threads_share_one_exchange_and_nobody_gets_anothers(make_site):
    """R1, R2, R3, R5."""
    site = make_site()
    site.sandbox.control("faults", {"kind": {"name": "delay", "milliseconds": 200}, "times": 4})

    def together(count, work):
        results, barrier = [None] * count, threading.Barrier(count)

        def one(number):
            from django.db import connections

            barrier.wait()
            try:
                results[number] = work(number)
            except Exception as error:
                results[number] = error
            connections.close_all()

        threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        return results

    users = ["alice", "xiaoming"]
    rows = together(20, lambda number: bkoauth.get_access_token(site.request(users[number % 2])))
    assert {(row.user_id, site.whose(row.access_token)) for row in rows} == {("alice", "alice"), ("xiaoming", "xiaoming")}
    assert site.counters()["cookie_grants"] == 2
    assert sorted(row.user_id for row in site.rows()) == users
    site.later(43200 - 60)
    rows = together(20, lambda _: bkoauth.get_access_token_by_user("alice"))
    assert len({row.access_token for row in rows}) == 1 and site.whose(rows[0].access_token) == "alice"
    assert site.counters()["refreshes"] == 1
    verdict = site.sandbox.control("check")
    assert verdict["clean"], verdict


CHILD = """
import sys
import tokenward
tokenward.install_as_bkoauth()
import django
django.setup()
import bkoauth
class Request:
    META, session, GET = {}, {}, {}
    COOKIES = {"bk_token": "bk_token-of-alice"}
    class user:
        username = "alice"
print("ready", flush=True)
sys.stdin.readline()
row = bkoauth.get_access_token(Request()) if sys.argv[1] == "request" else bkoauth.get_access_token_by_user("alice")
print(row.access_token, flush=True)
"""


def test_processes_share_one_exchange(site):
    """R1 to R4, with as many processes at the same moment."""
    for how, count in (("request", 1), ("user", 2)):
        children = [site.start(CHILD, how) for _ in range(6)]
        tokens = site.let_go(children)
        assert len(set(tokens)) == 1 and site.whose(tokens[0]) == "alice"
        assert site.exchanges() == count
        assert [row.access_token for row in site.rows()] == [tokens[0]]
        site.later(43200 - 60)


def test_a_forked_child_asks_by_itself(site):
    """Prefork: the parent has used the engine, its children use it too."""
    program = """
import os, sys
import tokenward
tokenward.install_as_bkoauth()
import django
django.setup()
import bkoauth
from django.db import connections
first = bkoauth.get_app_access_token().access_token
connections.close_all()
for _ in range(20):
    child = os.fork()
    if child == 0:
        code = 0 if bkoauth.get_app_access_token().access_token == first else 1
        connections.close_all()
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
print(first)
"""
    first = site.run(program).stdout.strip()
    assert site.whose(first) == "~app" and site.exchanges() == 1
