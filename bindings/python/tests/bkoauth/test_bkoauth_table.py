"""The table: what its readers see, rows of the real bkoauth, rows that are gone, another vault."""

import datetime
import json
import logging

import pytest

import bkoauth
from bkoauth.exceptions import TokenNotExist
from bkoauth.models import AccessToken


def seed(site, user):
    """A login that the real bkoauth would have made."""
    body = {"door": site.door, "app": site.variables["SITE_APP"], "user": user}
    if site.door == "auth-api":
        body["realm"] = "prod"
    return site.sandbox.control("logins", body)["tokens"]


def written_by_bkoauth(user, tokens, left=11 * 3600, **fields):
    row = AccessToken(
        user_id=user, access_token=tokens["access_token"], refresh_token=tokens["refresh_token"], scope="", env_name="prod", **fields
    )
    row.set_expires(left)
    row.save()
    return row


def test_who_reads_the_table_finds_a_token_that_is_good(site):
    bkoauth.get_access_token(site.request("alice"))
    bkoauth.get_app_access_token()
    found = [
        AccessToken.objects.filter(user_id="alice").order_by("-expires").first(),
        AccessToken.objects.filter(env_name=bkoauth.django_conf.ENV_NAME, user_id="alice").first(),
        AccessToken.objects.get(user_id="alice"),
    ]
    assert {site.whose(row.access_token) for row in found} == {"alice"}
    row = found[0]
    assert not row.refresh_token and not row.expires_soon and row.expires > row.now()
    row.set_expires(60)
    assert row.expires_soon
    with pytest.raises(AccessToken.DoesNotExist):
        AccessToken.objects.get(user_id="carol")
    # It follows every refresh.
    site.later(43200 - 60)
    bkoauth.get_access_token_by_user("alice")
    [row] = AccessToken.objects.filter(user_id="alice")
    assert site.whose(row.access_token) == "alice" and row.pk == found[0].pk


@pytest.mark.parametrize("backend", ["bk_token", "bk_ticket"])
def test_rows_of_the_real_bkoauth_are_taken_over_at_first_need(make_site, backend):
    site = make_site(backend)
    alices, others = seed(site, "alice"), seed(site, "xiaoming")
    written_by_bkoauth("alice", alices)
    written_by_bkoauth("xiaoming", others, left=-60)
    # One that lives is handed out as it is, and its refresh token leaves the table.
    row = bkoauth.get_access_token_by_user("alice")
    assert row.access_token == alices["access_token"] and not AccessToken.objects.get(user_id="alice").refresh_token
    assert site.exchanges() == 0
    # One that has ended is refreshed, by its refresh token, once.
    row = bkoauth.get_access_token_by_user("xiaoming")
    assert site.whose(row.access_token) == "xiaoming" and site.counters()["refreshes"] == 1
    bkoauth.get_access_token_by_user("xiaoming")
    assert site.exchanges() == 1
    # And from then on as any other.
    site.later((43200 if backend == "bk_token" else 15552000) - 60)
    assert site.whose(bkoauth.get_access_token_by_user("alice").access_token) == "alice"
    assert site.sandbox.control("check")["clean"]


def test_of_several_rows_the_one_that_lives_is_taken_and_one_is_left(site):
    """What R1 leaves behind: four rows of one user, all but one dead, and not the first one lives."""
    sets = [seed(site, "alice") for _ in range(4)]
    for number in (0, 3, 1, 2):
        written_by_bkoauth("alice", sets[number])
    row = bkoauth.get_access_token_by_user("alice")
    assert row.access_token == sets[3]["access_token"]
    assert AccessToken.objects.get(user_id="alice").access_token == sets[3]["access_token"]


def test_a_row_with_anothers_token_is_handed_to_nobody(site):
    """What D4 leaves behind."""
    written_by_bkoauth("alice", seed(site, "xiaoming"))
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token_by_user("alice")
    assert site.whose(bkoauth.get_access_token(site.request("alice")).access_token) == "alice"
    assert site.whose(bkoauth.get_access_token_by_user("xiaoming").access_token) == "xiaoming"


def test_a_row_of_nobody_is_not_the_apps(site):
    """What D5 leaves behind."""
    anonymous = seed(site, "alice")
    written_by_bkoauth("", anonymous)
    app = bkoauth.get_app_access_token()
    assert app.access_token != anonymous["access_token"] and site.whose(app.access_token) == "~app"


@pytest.mark.parametrize("how", ["orm", "sql"])
def test_who_deletes_a_row_wants_the_login_forgotten(site, how, log):
    bkoauth.get_access_token(site.request("alice"))
    other = bkoauth.get_access_token(site.request("xiaoming"))
    delete(how)
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token_by_user("alice")
    assert "is forgotten" in log.text and site.rows()[0].pk == other.pk
    assert bkoauth.get_access_token_by_user("xiaoming").access_token == other.access_token
    # Her next request makes a new login.
    granted = site.counters()["cookie_grants"]
    row = bkoauth.get_access_token(site.request("alice"))
    assert site.whose(row.access_token) == "alice" and site.counters()["cookie_grants"] == granted + 1
    # Once more, in another process: what was written is known there too.
    delete(how)
    program = """
import tokenward
tokenward.install_as_bkoauth()
import django
django.setup()
import bkoauth
from bkoauth.exceptions import TokenNotExist
try:
    bkoauth.get_access_token_by_user("alice")
except TokenNotExist:
    print("forgotten")
"""
    assert site.run(program).stdout == "forgotten\n"


def engine():
    from bkoauth import _engine, client

    return _engine.client(client.oauth_client._app())


@pytest.mark.parametrize("how", ["queryset", "row", "admin", "admin's selection"])
def test_a_login_is_forgotten_at_once_where_its_row_is_deleted_by_django(site, how, log):
    """Of somebody who has left nobody asks any more."""
    from django.contrib import admin
    from django.db import transaction

    bkoauth.get_access_token(site.request("alice"))
    other = bkoauth.get_access_token(site.request("xiaoming")).access_token
    page, rows = admin.site._registry[AccessToken], AccessToken.objects.filter(user_id="alice")

    def remove():
        {
            "queryset": rows.delete,
            "row": lambda: rows.get().delete(),
            "admin": lambda: page.delete_model(None, rows.get()),
            "admin's selection": lambda: page.delete_queryset(None, rows.all()),
        }[how]()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        remove()
        raise ZeroDivisionError
    assert "is forgotten" not in log.text and rows.count() == 1
    with transaction.atomic():
        remove()
        assert "is forgotten" not in log.text
    assert "the row of the user 'alice' was deleted, so the login is forgotten" in log.text
    # There is nothing left to forget, and nobody else's is gone.
    assert engine().forget("alice") is False
    assert bkoauth.get_access_token_by_user("xiaoming").access_token == other and site.exchanges() == 2


def test_a_deletion_is_not_hindered_by_a_vault_that_cannot_be_had(site, settings_override, log):
    bkoauth.get_access_token(site.request("alice"))
    with settings_override(TOKENWARD_BKOAUTH_STORE="server"):
        AccessToken.objects.all().delete()
    assert site.rows() == [] and "is forgotten the next time that its user is asked for" in log.text
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token_by_user("alice")
    assert engine().forget("alice") is False


@pytest.mark.parametrize("how", ["a job", "a request without a cookie"])
def test_the_row_of_a_login_that_was_ended_goes_and_a_good_cookie_makes_a_new_one(site, how, log):
    """`tokenward logout` on the host: what it deletes is not handed out by the table either."""
    first = bkoauth.get_access_token(site.request("alice")).access_token
    bkoauth.get_access_token(site.request("xiaoming"))
    shell = site.stand.Stand(site.sandbox, site.home)
    done = shell.run("logout", "--yes", "--profile", site.variables["SITE_APP"], "--user", "alice")
    assert done.returncode == 0, done.stderr
    log.clear()
    request = site.request("alice")
    request.COOKIES = {}
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token_by_user("alice") if how == "a job" else bkoauth.get_access_token(request)
    assert [row.user_id for row in site.rows()] == ["xiaoming"]
    assert "the login of the user 'alice' was ended on this machine, so its row is removed" in log.text
    # It was no deletion of a person's: her next request makes a login that stays.
    row = bkoauth.get_access_token(site.request("alice"))
    assert row.access_token != first and site.whose(row.access_token) == "alice"
    assert bkoauth.get_access_token_by_user("alice").access_token == row.access_token
    assert "is forgotten" not in log.text and site.counters()["cookie_grants"] == 3


def test_a_row_follows_a_refresh_on_the_host_at_the_next_call_for_its_user(site):
    """As the guide says it: the table is what was last handed out, and the vault is never asked by who reads it."""
    first = bkoauth.get_access_token(site.request("alice")).access_token
    shell = site.stand.Stand(site.sandbox, site.home)
    del shell.variables["TOKENWARD_BK_TOKEN"]
    done = shell.run("refresh", "--user", "alice")
    assert done.returncode == 0, done.stderr
    row = AccessToken.objects.get(user_id="alice")
    assert row.access_token == first and site.whose(first) is None
    bkoauth.get_access_token_by_user("alice")
    row.refresh_from_db()
    assert site.whose(row.access_token) == "alice" and site.counters()["refreshes"] == 1


def test_the_row_of_a_login_that_is_kept_elsewhere_stays(site, settings_override, tmp_path, log):
    """Another vault, or another name in this one, has no login of hers: that ends nobody's."""
    first = bkoauth.get_access_token(site.request("alice")).access_token
    for settings in ({"TOKENWARD_HOME": str(tmp_path / "another")}, {"TOKENWARD_BKOAUTH_PROFILE": "another"}):
        with settings_override(**settings), pytest.raises(TokenNotExist):
            bkoauth.get_access_token_by_user("alice")
        assert [row.user_id for row in site.rows()] == ["alice"]
    assert bkoauth.get_access_token_by_user("alice").access_token == first and "is removed" not in log.text


def delete(how):
    if how == "orm":
        AccessToken.objects.filter(user_id="alice").delete()
        return
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bkoauth_access_token WHERE user_id = 'alice'")


def test_a_row_that_was_rolled_back_was_never_deleted(site):
    """A view under ATOMIC_REQUESTS that fails takes its row with it, and not the login."""
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        first = bkoauth.get_access_token(site.request("alice"))
        raise ZeroDivisionError
    assert site.rows() == []
    assert bkoauth.get_access_token_by_user("alice").access_token == first.access_token
    assert [row.user_id for row in site.rows()] == ["alice"] and site.exchanges() == 1
    # Deleting within a transaction that is rolled back deletes nothing.
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        AccessToken.objects.all().delete()
        bkoauth.get_access_token_by_user("alice")
        raise ZeroDivisionError
    assert bkoauth.get_access_token_by_user("alice").access_token == first.access_token


def test_a_bkoauth_that_runs_beside_is_told(site, log):
    bkoauth.get_access_token(site.request("alice"))
    tokens = seed(site, "alice")
    row = AccessToken.objects.get(user_id="alice")
    row.access_token, row.refresh_token = tokens["access_token"], tokens["refresh_token"]
    row.save()
    row = bkoauth.get_access_token_by_user("alice")
    assert site.whose(row.access_token) == "alice" and not row.refresh_token
    told = [record for record in log.records if "TW0528" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.ERROR] and "install_as_bkoauth" in told[0].getMessage()


def test_two_vaults_on_one_table_are_told(site, tmp_path, monkeypatch, log):
    """Two hosts that share the database and not the vault."""
    bkoauth.get_access_token(site.request("alice"))
    assert "TW0529" not in log.text
    other = tmp_path / "other-host"
    other.mkdir(mode=0o700)
    monkeypatch.setenv("TOKENWARD_HOME", str(other))
    row = bkoauth.get_access_token(site.request("alice"))
    assert site.whose(row.access_token) == "alice"
    [told] = [record for record in log.records if "TW0529" in record.getMessage()]
    assert told.levelno == logging.ERROR and told.name == "component" and "TOKENWARD_HOME" in told.getMessage()
    assert json.loads(row.extra)["vault"] != json.loads(row.extra).get("grant")
    # The same vault again says nothing.
    log.clear()
    bkoauth.get_access_token(site.request("alice"))
    assert "TW0529" not in log.text


def test_a_table_that_is_not_there_fails_no_token(site, log):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bkoauth_access_token RENAME TO elsewhere")
    try:
        row = bkoauth.get_access_token(site.request("alice"))
        assert site.whose(row.access_token) == "alice" and row.pk is None
        assert "could not be read" in log.text
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO bkoauth_access_token")
    assert bkoauth.get_access_token_by_user("alice").access_token == row.access_token
    assert [row.user_id for row in site.rows()] == ["alice"]


def test_the_times_of_a_site_without_time_zones(site):
    program = """
import datetime
import tokenward
tokenward.install_as_bkoauth()
import django
django.setup()
import bkoauth
row = bkoauth.get_app_access_token()
left = row.expires - row.now()
assert row.expires.tzinfo is None and datetime.timedelta(hours=11, minutes=59) < left <= datetime.timedelta(hours=12), left
"""
    site.run(program, SITE_USE_TZ="0")
    left = bkoauth.get_app_access_token().expires - datetime.datetime.now(datetime.timezone.utc)
    assert left <= datetime.timedelta(hours=12)


def test_the_admins_page_shows_whose_and_no_token(site):
    from django.contrib.auth.models import User
    from django.test import Client

    row = bkoauth.get_access_token(site.request("alice"))
    User.objects.filter(username="admin").delete()
    User.objects.create_superuser("admin", "", "admin")
    client = Client()
    assert client.login(username="admin", password="admin")
    for address in ("/admin/bkoauth/accesstoken/", f"/admin/bkoauth/accesstoken/{row.pk}/change/"):
        page = client.get(address)
        assert page.status_code == 200 and b"alice" in page.content and row.access_token.encode() not in page.content
    assert client.get("/admin/bkoauth/accesstoken/add/").status_code == 403
    client.post(f"/admin/bkoauth/accesstoken/{row.pk}/delete/", {"post": "yes"})
    with pytest.raises(TokenNotExist):
        bkoauth.get_access_token_by_user("alice")


def test_no_secret_is_written_anywhere(site, log, tmp_path, settings_override):
    """Every way out that is not the token itself: logs, exceptions, repr, the vault's notes."""
    rows = [bkoauth.get_access_token(site.request("alice")), bkoauth.get_app_access_token()]
    rows.append(bkoauth.refresh_token(rows[0]))
    said = [repr(rows), str(rows[0])]
    for user, cookies in (("alice", "xiaoming"), ("xiaoming", "nobody"), ("", "alice")):
        try:
            bkoauth.get_access_token(site.request(user, cookies_of=cookies))
        except Exception as error:
            import traceback

            said += [repr(error), str(error), "".join(traceback.format_exception(type(error), error, error.__traceback__))]
    with settings_override(OAUTH_API_URL="http://127.0.0.1:9"):
        try:
            bkoauth.client.OAuthClientEE().get_app_access_token()
        except Exception as error:
            said.append(repr(error))
    from bkoauth import _engine

    app = bkoauth.client.oauth_client._app()
    said += [repr(_engine._clients), repr(bkoauth.client.oauth_client), repr(app), log.text]
    said.append(repr(_engine.parts(app, site.request("alice"))))
    said += [file.read_text() for file in (site.home / "bkoauth").iterdir()]
    everything = "\n".join(said)
    secrets = [site.variables["SITE_SECRET"], "bk_token-of-", *(row.access_token for row in rows)]
    assert [secret for secret in secrets if secret in everything] == []
