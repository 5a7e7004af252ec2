"""A token in every request of ``aiohttp`` (3.12 or newer), as a middleware of its client::

    aiohttp.ClientSession(middlewares=[tokenward.aiohttp.middleware(login)])

As :mod:`tokenward.requests`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Iterable

from aiohttp import BytesPayload, ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from ._sending import Headers, Sender

if TYPE_CHECKING:
    from . import Login

__all__ = ["middleware"]


def middleware(login: "Login", *, hosts: Iterable[str] = ()) -> ClientMiddlewareType:
    """Give it in ``middlewares=`` of a session or of one request."""
    sender = Sender(login, hosts)

    async def with_token(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        url = str(request.url)
        held = await asyncio.to_thread(sender.hold, url)
        if held is None:
            return await handler(request)
        request.headers.update([sender.header(held)])
        response = await handler(request)
        if not sender.may_say_no(response.status, _headers(response)):
            return response
        body = await response.read()
        newer = await asyncio.to_thread(sender.newer, held, url, response.status, _headers(response), body)
        if newer is None or not _is_whole(request):
            return response
        request.headers.update([sender.header(newer)])
        response = await handler(request)
        if sender.may_say_no(response.status, _headers(response)):
            body = await response.read()
            sender.answered_again(newer, url, response.status, _headers(response), body)
        return response

    return with_token


def _headers(response: ClientResponse) -> Headers:
    return list(response.headers.items())


def _is_whole(request: ClientRequest) -> bool:
    """Whether it can be sent once more: its body is in memory."""
    return isinstance(request.body, (bytes, BytesPayload)) or request.body is None
