"""Keeps OAuth logins alive.

Log in once (``tokenward login``, which comes with this package); from then on a program has a token that is good::

    import tokenward

    login = tokenward.open().profile()
    login.token()

The environment, ``config.toml`` and the vault are those of the ``tokenward`` command.
"""

from __future__ import annotations

import atexit
import os

from . import _tokenward
from .errors import (
    AppSettingsWrong,
    CallRefused,
    InternalError,
    LoginRequired,
    OutcomeUnknown,
    SettingsWrong,
    TokenwardError,
    TryAgainLater,
)

__all__ = [
    "adopt",
    "doctor",
    "install_as_bkoauth",
    "install_old_script",
    "link",
    "links",
    "login",
    "logout",
    "status",
    "unlink",
    "AccessToken",
    "Answer",
    "AppSettingsWrong",
    "CallRefused",
    "InternalError",
    "Login",
    "LoginRequired",
    "Logins",
    "OutcomeUnknown",
    "SettingsWrong",
    "TokenwardError",
    "TryAgainLater",
]

# This file imports nothing that it does not need: a script of one call starts as quickly as it can.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar, Union

    from . import aiohttp, command, feishu, httpx, refresh_user_access_token, requests
    from .command import adopt, doctor, link, links, login, logout, status, unlink

    _T = TypeVar("_T")

# A refresh that is under way when the program ends is waited for.
atexit.register(_tokenward.finish)

# A child of a fork finds the locks of its parent's other threads as they were: taken, for ever, if one was in the middle of a call.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_tokenward.before_fork,
        after_in_parent=_tokenward.after_fork_in_parent,
        after_in_child=_tokenward.after_fork_in_child,
    )


class AccessToken:
    """An access token with its end. Nothing shows it but ``token``."""

    __slots__ = ("expires_at", "generation", "token")

    def __init__(self, token: str, expires_at: float, generation: int) -> None:
        self.token = token
        #: Seconds since 1970.
        self.expires_at = expires_at
        #: Which one of its login it is: 1 for that of the consent, one more for each refresh.
        self.generation = generation

    def __repr__(self) -> str:
        return f"AccessToken(expires_at={self.expires_at}, generation={self.generation})"


class Answer:
    """The answer of a call that was done."""

    __slots__ = ("content", "headers", "status")

    def __init__(self, status: int, headers: List[Tuple[str, str]], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    def json(self) -> Any:
        """The body as JSON."""
        import json

        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"Answer(status={self.status})"


class Login:
    """One login of one app."""

    __slots__ = ("_calls", "_profile", "_where")

    def __init__(self, profile: _tokenward.Profile, where: Dict[str, Any]) -> None:
        self._profile = profile
        self._where = where
        self._calls: Optional[_tokenward.Calls] = None

    @property
    def name(self) -> str:
        """The name of its profile."""
        return self._profile.name

    def token(self, min_ttl: float = 0.0) -> str:
        """An access token that is good now, and for ``min_ttl`` more seconds. It is refreshed first where that is due."""
        found = self._profile.at_once(min_ttl)
        return found[0] if found is not None else self.access(min_ttl).token

    def access(self, min_ttl: float = 0.0, *, newer_than: Optional[AccessToken] = None) -> AccessToken:
        """The same with its end; or a token that is newer than one that was refused."""
        if newer_than is None:
            found = self._profile.at_once(min_ttl)
            if found is not None:
                return AccessToken(*found)
        served, notices = self._profile.access(min_ttl, None if newer_than is None else newer_than.generation)
        if notices:
            _tell(self.name, notices)
        return AccessToken(*served)

    async def token_async(self, min_ttl: float = 0.0) -> str:
        """As :meth:`token`; what has to be waited for is waited for in a thread."""
        found = self._profile.at_once(min_ttl)
        return found[0] if found is not None else (await self.access_async(min_ttl)).token

    async def access_async(self, min_ttl: float = 0.0, *, newer_than: Optional[AccessToken] = None) -> AccessToken:
        """As :meth:`access`."""
        return await _in_thread(self.access, min_ttl, newer_than=newer_than)

    def header(self, min_ttl: float = 0.0) -> Dict[str, str]:
        """The header of a request: ``Authorization``, or what the provider wants instead (BlueKing: ``X-Bkapi-Authorization``).

        Do not send it to anybody else. :mod:`tokenward.requests`, ``.httpx`` and ``.aiohttp`` look after that.
        """
        name, value = self._profile.header(self.token(min_ttl))
        return {name: value}

    async def header_async(self, min_ttl: float = 0.0) -> Dict[str, str]:
        """As :meth:`header`."""
        name, value = self._profile.header(await self.token_async(min_ttl))
        return {name: value}

    def get(self, path: str, *, params: Optional[Mapping[str, str]] = None) -> Answer:
        """Calls ``GET`` on a path of the provider's API. A token that is refused is refreshed once; limits are waited out."""
        return self.call("GET", path, params=params)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Optional[Mapping[str, str]] = None,
        json: object = None,
        data: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Answer:
        """The same for any method: ``json`` is sent as JSON, ``data`` as it is.

        Raises :exc:`CallRefused` where the provider says no, whatever the HTTP status.
        """
        if json is not None and data is not None:
            raise TypeError("give json or data, not both")
        body: Optional[Tuple[str, bytes]] = None
        given = dict(headers or {})
        if json is not None:
            body = ("application/json; charset=utf-8", _dumps(json))
        elif data is not None:
            kinds = [name for name in given if name.lower() == "content-type"]
            body = (given.pop(kinds[0]) if kinds else "application/octet-stream", bytes(data))
        if self._calls is None:
            self._calls = _tokenward.Calls(self._profile)
        answer = self._calls.call(method, path, list((params or {}).items()), list(given.items()), body)
        notices = self._calls.take_notices()
        if notices:
            _tell(self.name, notices)
        return Answer(*answer)

    async def get_async(self, path: str, *, params: Optional[Mapping[str, str]] = None) -> Answer:
        """As :meth:`get`."""
        return await _in_thread(self.get, path, params=params)

    async def call_async(
        self,
        method: str,
        path: str,
        *,
        params: Optional[Mapping[str, str]] = None,
        json: object = None,
        data: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Answer:
        """As :meth:`call`."""
        return await _in_thread(self.call, method, path, params=params, json=json, data=data, headers=headers)

    def status(self) -> Dict[str, Any]:
        """How the login stands, as ``tokenward status --json`` says it. Spends nothing."""
        from . import command

        return command.status(self.name, **self._where)

    def doctor(self, *, online: bool = False) -> List[Any]:
        """What the doctor finds about it. Spends nothing."""
        from . import command

        return command.doctor(self.name, online=online, **self._where)

    def __repr__(self) -> str:
        return f"<tokenward.Login {self.name!r}>"


class Logins:
    """The logins of this machine. Also a context manager, which closes them."""

    __slots__ = ("_logins", "_where")

    def __init__(self, logins: _tokenward.Logins, where: Dict[str, Any]) -> None:
        self._logins = logins
        self._where = where

    def profile(self, name: Optional[str] = None) -> Login:
        """The login of a profile; without a name, that of the profile which the command takes without ``--profile``."""
        return Login(self._logins.profile(name), self._where)

    def close(self) -> None:
        """Waits for refreshes that are under way, and closes the vault. What is used afterwards opens it again."""
        self._logins.close()

    def __enter__(self) -> Logins:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open(
    home: Optional[Union[str, "os.PathLike[str]"]] = None,
    environment: Optional[Mapping[str, str]] = None,
) -> Logins:
    """The logins of this machine, as the ``tokenward`` command finds them.

    ``home`` is the folder that holds everything (default: ``TOKENWARD_HOME``, or ``~/.local/share/tokenward``), ``environment`` what
    settings are read from (default: ``os.environ`` as it is now). Nothing is opened before it is needed.
    """
    variables: Dict[str, str] = dict(os.environ if environment is None else environment)
    return Logins(_tokenward.open(home, variables), {"home": home, "environment": variables})


def _tell(profile: str, notices: List[str]) -> None:
    import logging

    for notice in notices:
        logging.getLogger("tokenward").warning("%s: %s", profile, notice)


def _dumps(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


async def _in_thread(function: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
    # Not imported at the top: it takes longer than everything else here.
    import asyncio

    return await asyncio.to_thread(function, *arguments, **options)


def install_as_bkoauth(name: str = "bkoauth") -> None:
    """Makes ``import bkoauth`` give Tokenward's, in the first lines of ``manage.py``, ``wsgi.py`` and the like.

    ``name`` is for copies that live inside another package, as ``packages.bkoauth``. Calling it again changes nothing.
    """
    from ._bkoauth_name import install_as_bkoauth as install

    install(name)


def install_old_script(name: str = "REFRESH_USER_ACCESS_TOKEN") -> None:
    """Makes ``from REFRESH_USER_ACCESS_TOKEN import REFRESH_USER_ACCESS_TOKEN`` give Tokenward's, whatever lies beside the program.

    See :mod:`tokenward.refresh_user_access_token`.
    """
    import sys

    from . import refresh_user_access_token

    sys.modules[name] = refresh_user_access_token


# The rest is imported when it is used: `tokenward.requests.Auth(…)` after `import tokenward` alone, and what needs the command.
_PARTS = frozenset({"aiohttp", "bkoauth", "command", "feishu", "httpx", "refresh_user_access_token", "requests"})
_OF_COMMAND = frozenset({"adopt", "doctor", "link", "links", "login", "logout", "status", "unlink"})

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        import importlib

        if name in _PARTS:
            return importlib.import_module(f"{__name__}.{name}")
        if name in _OF_COMMAND:
            return getattr(importlib.import_module(f"{__name__}.command"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
