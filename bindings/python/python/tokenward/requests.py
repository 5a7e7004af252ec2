"""A token in every request of ``requests``::

    requests.get(url, auth=tokenward.requests.Auth(login))

It goes to the provider's own hosts, and to those that ``hosts`` names (over https). Where the provider says that it is dead, it is
refreshed once and the request sent once more. A request whose body is a stream is not sent twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

import requests
from requests.auth import AuthBase

from . import _tokenward
from ._sending import Headers, Sender

if TYPE_CHECKING:
    from . import Login

__all__ = ["Auth"]


class Auth(AuthBase):
    """Give it as ``auth=``, of one request or of a session."""

    def __init__(self, login: "Login", *, hosts: Iterable[str] = ()) -> None:
        self._sender = Sender(login, hosts)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        held = self._sender.hold(request.url or "")
        if held is None:
            return request
        request.headers.update([self._sender.header(held)])
        # A body that is a file stands where it stood when the request was made.
        body: Any = request.body
        start = body.tell() if hasattr(body, "tell") and hasattr(body, "seek") else None

        def judge(response: requests.Response, **options: Any) -> requests.Response:
            return self._judged(held, start, response, options)

        request.hooks["response"].append(judge)
        return request

    def _judged(
        self, held: _tokenward.Held, start: Any, response: requests.Response, options: Any
    ) -> requests.Response:
        sent = response.request
        url = sent.url or ""
        # A redirect that was followed, or the request that was sent once more: the hook came along.
        if not self._sender.has(sent.headers, held):
            return response
        headers: Headers = list(response.headers.items())
        if not self._sender.may_say_no(response.status_code, headers):
            return response
        newer = self._sender.newer(held, url, response.status_code, headers, response.content)
        if newer is None or not (sent.body is None or isinstance(sent.body, (str, bytes)) or start is not None):
            return response
        response.close()
        again = sent.copy()
        if start is not None:
            again.body.seek(start)  # type: ignore[union-attr]
        again.headers.update([self._sender.header(newer)])
        answer = response.connection.send(again, **options)
        answer.history.append(response)
        answer.request = again
        headers = list(answer.headers.items())
        if self._sender.may_say_no(answer.status_code, headers):
            self._sender.answered_again(newer, url, answer.status_code, headers, answer.content)
        return answer

    def __repr__(self) -> str:
        return f"<tokenward.requests.Auth of {self._sender.name!r}>"
