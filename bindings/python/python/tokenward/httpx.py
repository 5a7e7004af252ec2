"""A token in every request of ``httpx``, of a client or of an asynchronous one::

    httpx.Client(auth=tokenward.httpx.Auth(login))

As :mod:`tokenward.requests`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, AsyncGenerator, Generator, Iterable

import httpx

from ._sending import Headers, Sender

if TYPE_CHECKING:
    from . import Login

__all__ = ["Auth"]


class Auth(httpx.Auth):
    """Give it as ``auth=``, of one request or of a client."""

    def __init__(self, login: "Login", *, hosts: Iterable[str] = ()) -> None:
        self._sender = Sender(login, hosts)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        url = str(request.url)
        held = self._sender.hold(url)
        if held is None:
            yield request
            return
        request.headers.update([self._sender.header(held)])
        response = yield request
        if not self._sender.may_say_no(response.status_code, _headers(response)):
            return
        response.read()
        newer = self._sender.newer(held, url, response.status_code, _headers(response), response.content)
        if newer is None or not _is_whole(request):
            return
        request.headers.update([self._sender.header(newer)])
        response = yield request
        if self._sender.may_say_no(response.status_code, _headers(response)):
            response.read()
            self._sender.answered_again(newer, url, response.status_code, _headers(response), response.content)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        url = str(request.url)
        held = await asyncio.to_thread(self._sender.hold, url)
        if held is None:
            yield request
            return
        request.headers.update([self._sender.header(held)])
        response = yield request
        if not self._sender.may_say_no(response.status_code, _headers(response)):
            return
        body = await response.aread()
        newer = await asyncio.to_thread(
            self._sender.newer, held, url, response.status_code, _headers(response), body
        )
        if newer is None or not _is_whole(request):
            return
        request.headers.update([self._sender.header(newer)])
        response = yield request
        if self._sender.may_say_no(response.status_code, _headers(response)):
            body = await response.aread()
            self._sender.answered_again(newer, url, response.status_code, _headers(response), body)

    def __repr__(self) -> str:
        return f"<tokenward.httpx.Auth of {self._sender.name!r}>"


def _headers(response: httpx.Response) -> Headers:
    return list(response.headers.multi_items())


def _is_whole(request: httpx.Request) -> bool:
    """Whether it can be sent once more: its body is in memory."""
    return isinstance(request.stream, httpx.ByteStream)
