"""What `requests`, `httpx` and `aiohttp` have in common: which request gets a token, and when it is sent once more.

The rules are the library's: a token goes to the provider's own hosts and to no others, but for those that the program names; what
counts as "the token is dead" is what the provider says, in whatever status and body it says it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Iterable, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from . import _tokenward

if TYPE_CHECKING:
    from . import Login

_log = logging.getLogger("tokenward")

Headers = List[Tuple[str, str]]


class Sender:
    """Tokens for the requests of one client."""

    def __init__(self, login: "Login", hosts: Iterable[str] = ()) -> None:
        self.name = login.name
        self._calls = _tokenward.Calls(login._profile)
        self._hosts = frozenset(_named(host) for host in hosts)

    def hold(self, url: str) -> Optional[_tokenward.Held]:
        """A token for a request to this address; ``None`` where none may go."""
        if not (self._is_named(url) or self._calls.permits(url)):
            return None
        held = self._calls.hold()
        self._tell()
        return held

    # No variable of a function that can fail holds the value: tools that report errors show variables.

    def header(self, held: _tokenward.Held) -> Tuple[str, str]:
        """The header and its value."""
        return held.header()

    def has(self, headers: Mapping[str, object], held: _tokenward.Held) -> bool:
        """Whether these headers have this token."""
        name, value = held.header()
        return headers.get(name) == value

    @staticmethod
    def may_say_no(status: int, headers: Headers) -> bool:
        """Whether the answer's body has to be read."""
        return _tokenward.Calls.may_say_no(status, headers)

    def newer(
        self, held: _tokenward.Held, url: str, status: int, headers: Headers, body: bytes
    ) -> Optional[_tokenward.Held]:
        """A newer token, where this answer says that the one that was sent is dead."""
        newer = self._calls.newer(held, urlsplit(url).path, status, headers, body)
        self._tell()
        return newer

    def answered_again(self, held: _tokenward.Held, url: str, status: int, headers: Headers, body: bytes) -> None:
        """The answer to the request that was sent once more."""
        self._calls.answered_again(held, urlsplit(url).path, status, headers, body)

    def _tell(self) -> None:
        for notice in self._calls.take_notices():
            _log.warning("%s: %s", self.name, notice)

    def _is_named(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme == "https" and (parts.hostname or "", parts.port or 443) in self._hosts


def _named(host: str) -> Tuple[str, int]:
    parts = urlsplit("//" + host)
    if not parts.hostname or parts.path or parts.query or parts.username is not None:
        raise ValueError(f"{host!r} is no host: give a name, or a name and a port, such as api.example.com:8443")
    return parts.hostname, parts.port or 443
