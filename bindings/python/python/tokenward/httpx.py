"""A token in every request of ``httpx``, of a client or of an asynchronous one::

    httpx.Client(auth=tokenward.httpx.Auth(login))

As :mod:`tokenward.requests`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, AsyncGenerator, Callable, Generator, Iterable, Union

import httpx

from ._sending import Headers, Sender

if TYPE_CHECKING:
    from . import Login

__all__ = ["Auth"]

_Step = Union[httpx.Request, httpx.Response, Callable[[], Any]]


class Auth(httpx.Auth):
    """Give it as ``auth=``, of one request or of a client."""

    def __init__(self, login: "Login", *, hosts: Iterable[str] = ()) -> None:
        self._sender = Sender(login, hosts)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        steps = self._steps(request)
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration:
                return
            if isinstance(step, httpx.Request):
                answer = yield step
            else:
                answer = step.read() if isinstance(step, httpx.Response) else step()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        steps = self._steps(request)
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration:
                return
            if isinstance(step, httpx.Request):
                answer = yield step
            else:
                answer = await (step.aread() if isinstance(step, httpx.Response) else asyncio.to_thread(step))

    def _steps(self, request: httpx.Request) -> Generator[_Step, Any, None]:
        """What is done one after the other: a request is sent, an answer is read, and anything else is called where it may wait."""
        sender, url = self._sender, str(request.url)
        held = yield partial(sender.hold, url)
        if held is None:
            yield request
            return
        request.headers.update([sender.header(held)])
        response = yield request
        if not sender.may_say_no(response.status_code, _headers(response)):
            return
        body = yield response
        newer = yield partial(sender.newer, held, url, response.status_code, _headers(response), body)
        if newer is None or not _is_whole(request):
            return
        request.headers.update([sender.header(newer)])
        response = yield request
        if sender.may_say_no(response.status_code, _headers(response)):
            body = yield response
            yield partial(sender.answered_again, newer, url, response.status_code, _headers(response), body)

    def __repr__(self) -> str:
        return f"<tokenward.httpx.Auth of {self._sender.name!r}>"


def _headers(response: httpx.Response) -> Headers:
    return list(response.headers.multi_items())


def _is_whole(request: httpx.Request) -> bool:
    """Whether it can be sent once more: its body is in memory."""
    return isinstance(request.stream, httpx.ByteStream)
