"""Keeps OAuth logins alive.

Log in once (``tokenward login``, which comes with this package); from then on a program has a token that is good::

    import tokenward

    login = tokenward.open().profile()
    login.token()

The environment, ``config.toml`` and the vault are those of the ``tokenward`` command.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
from dataclasses import dataclass, field
from typing import Dict, Mapping, Optional, Union

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
    "AccessToken",
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
    "open",
]

_log = logging.getLogger("tokenward")

# A refresh that is under way when the program ends is waited for.
atexit.register(_tokenward.finish)


@dataclass(frozen=True)
class AccessToken:
    """An access token with its end. Its ``repr`` does not show it."""

    token: str = field(repr=False)
    #: Seconds since 1970.
    expires_at: float
    #: Which one of its login it is: 1 for that of the consent, one more for each refresh.
    generation: int

    def __str__(self) -> str:
        return repr(self)


class Login:
    """One login of one app."""

    __slots__ = ("_profile",)

    def __init__(self, profile: _tokenward.Profile) -> None:
        self._profile = profile

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
        for notice in notices:
            _log.warning("%s: %s", self.name, notice)
        return AccessToken(*served)

    async def token_async(self, min_ttl: float = 0.0) -> str:
        """As :meth:`token`; what has to be waited for is waited for in a thread."""
        found = self._profile.at_once(min_ttl)
        return found[0] if found is not None else (await self.access_async(min_ttl)).token

    async def access_async(self, min_ttl: float = 0.0, *, newer_than: Optional[AccessToken] = None) -> AccessToken:
        """As :meth:`access`."""
        return await asyncio.to_thread(self.access, min_ttl, newer_than=newer_than)

    def __repr__(self) -> str:
        return f"<tokenward.Login {self.name!r}>"


class Logins:
    """The logins of this machine. Also a context manager, which closes them."""

    __slots__ = ("_logins",)

    def __init__(self, logins: _tokenward.Logins) -> None:
        self._logins = logins

    def profile(self, name: Optional[str] = None) -> Login:
        """The login of a profile; without a name, that of the profile which the command takes without ``--profile``."""
        return Login(self._logins.profile(name))

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
    return Logins(_tokenward.open(home, variables))
