"""Tokens in the requests of `requests`, `httpx` and `aiohttp`."""

from __future__ import annotations

import asyncio
import http.server
import io
import threading
import traceback
from typing import Callable, Dict, Iterator, List, Tuple

import pytest

import tokenward
from conftest import Stand

USER_INFO = "/open-apis/authen/v1/user_info"

# Name of a client → what makes one GET (or POST of a body) with it: status, JSON.
Sent = Tuple[int, Dict[str, object]]


def with_requests(login: tokenward.Login, url: str) -> Sent:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        session.auth = tokenward.requests.Auth(login)
        answer = session.get(url)
    return answer.status_code, answer.json()


def with_httpx(login: tokenward.Login, url: str) -> Sent:
    import httpx

    with httpx.Client(auth=tokenward.httpx.Auth(login), trust_env=False) as client:
        answer = client.get(url)
    return answer.status_code, answer.json()


def with_async_httpx(login: tokenward.Login, url: str) -> Sent:
    import httpx

    async def send() -> Sent:
        async with httpx.AsyncClient(auth=tokenward.httpx.Auth(login), trust_env=False) as client:
            answer = await client.get(url)
        return answer.status_code, answer.json()

    return asyncio.run(send())


def with_aiohttp(login: tokenward.Login, url: str) -> Sent:
    import aiohttp

    async def send() -> Sent:
        async with aiohttp.ClientSession(middlewares=[tokenward.aiohttp.middleware(login)]) as session:
            async with session.get(url) as answer:
                return answer.status, await answer.json()

    return asyncio.run(send())


@pytest.fixture(params=[with_requests, with_httpx, with_async_httpx, with_aiohttp])
def send(request: pytest.FixtureRequest) -> Callable[[tokenward.Login, str], Sent]:
    if request.param is with_aiohttp:
        aiohttp = pytest.importorskip("aiohttp")
        if not hasattr(aiohttp, "ClientMiddlewareType"):
            pytest.skip("this aiohttp has no middlewares")
    return request.param  # type: ignore[no-any-return]


def test_a_dead_token_is_refreshed_once_and_the_request_sent_once_more(
    logged_in: Stand, send: Callable[[tokenward.Login, str], Sent]
) -> None:
    login = tokenward.open().profile()
    url = logged_in.sandbox.settings["TOKENWARD_OPEN_URL"] + USER_INFO
    status, said = send(login, url)
    assert (status, said["code"]) == (200, 0), said
    assert logged_in.sandbox.counters()["refreshes"] == 0
    # The provider's clock alone goes on: the token is dead, and nobody here knows.
    logged_in.sandbox.control("clock", {"advance_seconds": 7260})
    status, said = send(login, url)
    assert (status, said["code"]) == (200, 0), said
    counters = logged_in.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (1, 0), counters


def test_what_does_not_speak_of_the_token_is_handed_on(
    logged_in: Stand, send: Callable[[tokenward.Login, str], Sent]
) -> None:
    login = tokenward.open().profile()
    fault = {"kind": {"name": "code", "code": 99991400}, "operation": "call", "times": None}
    logged_in.sandbox.control("faults", fault)
    _, said = send(login, logged_in.sandbox.settings["TOKENWARD_OPEN_URL"] + USER_INFO)
    assert said["code"] == 99991400, said
    assert logged_in.sandbox.counters()["refreshes"] == 0


def test_a_report_of_an_error_with_its_variables_shows_no_token(
    logged_in: Stand, send: Callable[[tokenward.Login, str], Sent]
) -> None:
    login = tokenward.open().profile()
    secrets = [login.token(), logged_in.sandbox.settings["TOKENWARD_APP_SECRET"]]
    url = logged_in.sandbox.settings["TOKENWARD_OPEN_URL"] + USER_INFO
    # The refresh token has ended too.
    logged_in.sandbox.control("clock", {"advance_seconds": 30 * 86_400})
    with pytest.raises(tokenward.LoginRequired) as caught:
        send(login, url)
    report = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "<tokenward._tokenward.Held object" in report
    for secret in secrets:
        # The settings are what the caller's environment holds; this file's own variables are not ours.
        assert secret not in report.replace(repr(secrets), "")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    seen: "List[Dict[str, str]]" = []

    def do_GET(self) -> None:
        Elsewhere.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    Elsewhere.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_nobody_else_is_shown_the_token(
    logged_in: Stand, elsewhere: str, send: Callable[[tokenward.Login, str], Sent]
) -> None:
    assert send(tokenward.open().profile(), elsewhere) == (200, {})
    (headers,) = Elsewhere.seen
    assert "authorization" not in headers


def test_hosts_that_the_program_names_are_taken_over_https_alone(logged_in: Stand) -> None:
    from tokenward._sending import Sender

    sender = Sender(tokenward.open().profile(), hosts=["api.example.com", "other.example.com:8443"])
    assert sender.hold("https://api.example.com/x") is not None
    assert sender.hold("https://other.example.com:8443/x") is not None
    for address in (
        "http://api.example.com/x",
        "https://api.example.com:444/x",
        "https://other.example.com/x",
        "https://api.example.com.evil.org/x",
        "https://api.example.com@evil.org/x",
        "https://evil.org/?api.example.com",
    ):
        assert sender.hold(address) is None, address
    for wrong in ("https://api.example.com", "api.example.com/x", "", "user@api.example.com"):
        with pytest.raises(ValueError):
            Sender(tokenward.open().profile(), hosts=[wrong])


def test_a_body_is_sent_twice_and_a_stream_is_not(logged_in: Stand) -> None:
    import requests

    login = tokenward.open().profile()
    url = logged_in.sandbox.settings["TOKENWARD_OPEN_URL"] + USER_INFO
    session = requests.Session()
    session.trust_env = False
    session.auth = tokenward.requests.Auth(login)
    logged_in.sandbox.control("clock", {"advance_seconds": 7260})
    said = session.request("GET", url, data=iter([b"a", b"b"])).json()
    assert said["code"] != 0
    assert logged_in.sandbox.counters()["refreshes"] == 1
    logged_in.sandbox.control("clock", {"advance_seconds": 7260})
    assert session.request("GET", url, data=io.BytesIO(b"abc")).json()["code"] == 0
    assert logged_in.sandbox.counters()["refreshes"] == 2


def test_what_is_shown_of_it_shows_no_token(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    token = login.token()
    auth, sender = tokenward.requests.Auth(login), tokenward.httpx.Auth(login)
    held = auth._sender.hold(logged_in.sandbox.settings["TOKENWARD_OPEN_URL"] + "/x")
    assert held is not None and token in held.header()[1]
    for shown in (auth, sender, held, auth._sender, vars(auth), login._profile):
        assert token not in repr(shown) + str(shown)
