"""Rows beside each other: names that a database takes for the same, transactions that see the past, processes at the same moment."""

import threading

import pytest
from django.db import connection, connections, transaction

import bkoauth
from bkoauth.models import AccessToken

is_server = connection.vendor != "sqlite"
on_servers = pytest.mark.skipif(not is_server, reason="SQLite has one writer, and a reader does not look into the past")


@pytest.fixture
def user_named(site):
    """Makes a user known at BlueKing, and gives a request of theirs. A cookie is ASCII, whatever the name is."""

    def make(name):
        cookie = "bk_token-of-" + name.encode().hex()
        site.sandbox.control("users", {"id": name, "name": name, "cookies": {"bk_token": cookie}})
        request = site.request(name)
        request.COOKIES = {"bk_token": cookie}
        return request

    return make


def elsewhere(work):
    """In another thread, and so on another connection and outside any transaction."""
    result = []

    def run():
        try:
            result.append(work())
        except BaseException as error:
            result.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it waits for a lock"
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def test_names_that_differ_in_case_are_two_users(site, user_named, log):
    names = ["alice", "Alice", "ALICE"]
    tokens = {name: bkoauth.get_access_token(user_named(name) if name != "alice" else site.request(name)).access_token for name in names}
    assert {name: site.whose(token) for name, token in tokens.items()} == {name: name for name in names}
    assert sorted(row.user_id for row in site.rows()) == sorted(names)
    for name in names:
        assert bkoauth.get_access_token_by_user(name).access_token == tokens[name]
    # One that is deleted is forgotten, and the others are not.
    AccessToken.objects.filter(pk=next(row.pk for row in site.rows() if row.user_id == "Alice")).delete()
    with pytest.raises(bkoauth.exceptions.TokenNotExist):
        bkoauth.get_access_token_by_user("Alice")
    for name in ("alice", "ALICE"):
        assert bkoauth.get_access_token_by_user(name).access_token == tokens[name]
    assert "TW0412" not in log.text and "could not be" not in log.text and site.exchanges() == 3


def test_names_of_every_script_are_kept(site, user_named, log):
    for name in ("小明", "𠮷野-🐼", "Ø'); DROP TABLE x; --"):
        row = bkoauth.get_access_token(user_named(name))
        assert site.whose(row.access_token) == name and AccessToken.objects.get(pk=row.pk).user_id == name
        assert bkoauth.get_access_token_by_user(name).access_token == row.access_token
    assert "could not be" not in log.text


def test_a_name_that_the_table_cannot_hold_fails_no_token(site, user_named, log):
    """64 characters are the column's; the service knows longer names."""
    name = "x" * 100
    with transaction.atomic():
        row = bkoauth.get_access_token(user_named(name))
        assert site.whose(row.access_token) == name
        # The transaction goes on.
        assert bkoauth.get_access_token(site.request("alice")).pk
    assert bkoauth.get_access_token_by_user(name).access_token == row.access_token
    assert AccessToken.objects.filter(user_id="alice").count() == 1
    if is_server:
        assert "could not be written" in log.text


@on_servers
def test_a_transaction_that_sees_the_past_loses_no_login(site, log):
    """REPEATABLE READ: what another process has written since is not seen, and is neither taken for deleted nor for another's."""
    with transaction.atomic():
        assert AccessToken.objects.count() == 0
        first = elsewhere(lambda: bkoauth.get_access_token(site.request("alice"))).access_token
        row = bkoauth.get_access_token(site.request("alice"))
        assert row.access_token == first and row.pk
    assert [row.user_id for row in site.rows()] == ["alice"] and site.exchanges() == 1
    # The same with a token that was refreshed meanwhile.
    with transaction.atomic():
        assert AccessToken.objects.get().access_token == first
        second = elsewhere(lambda: bkoauth.refresh_token(AccessToken.objects.get())).access_token
        assert bkoauth.get_access_token_by_user("alice").access_token == second != first
    assert AccessToken.objects.get().access_token == second and site.counters()["refreshes"] == 1
    assert "TW0412" not in log.text and "forgotten" not in log.text
    # And with one that was deleted meanwhile, which is meant.
    with transaction.atomic():
        assert AccessToken.objects.count() == 1
        elsewhere(lambda: AccessToken.objects.all().delete())
        assert bkoauth.get_access_token(site.request("alice")).access_token
    assert [site.whose(row.access_token) for row in site.rows()] == ["alice"]
    assert "TW0412" not in log.text


@on_servers
def test_a_long_view_holds_nobody_up(site, log):
    """ATOMIC_REQUESTS: the first view of a user writes the row and goes on working; the user's other requests do not wait for it."""
    with transaction.atomic():
        first = bkoauth.get_access_token(site.request("alice")).access_token
        import time

        begun = time.monotonic()
        other = elsewhere(lambda: bkoauth.get_access_token(site.request("alice")))
        assert other.access_token == first and time.monotonic() - begun < 5
    assert [row.user_id for row in site.rows()] == ["alice"]


@on_servers
def test_views_at_the_same_moment_all_end_well(site, log):
    """Each in a transaction, some of which are rolled back."""
    count = 12
    barrier, results = threading.Barrier(count), [None] * count

    def view(number):
        barrier.wait()
        try:
            with transaction.atomic():
                AccessToken.objects.count()
                token = bkoauth.get_access_token(site.request("alice")).access_token
                if number % 3 == 0:
                    raise ZeroDivisionError
                AccessToken.objects.count()
                results[number] = token
        except ZeroDivisionError:
            results[number] = "rolled back"
        except BaseException as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=view, args=(number,)) for number in range(count)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    tokens = {one for one in results if one != "rolled back"}
    assert len(tokens) == 1 and site.whose(tokens.pop()) == "alice", results
    bkoauth.get_access_token(site.request("alice"))
    assert [row.user_id for row in site.rows()] == ["alice"] and site.exchanges() == 1
