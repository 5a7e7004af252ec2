"""What goes wrong, as exceptions. One root: :class:`TokenwardError`.

Each says what happened (``message``), what was kept (``kept``) and what to do next (``hint``), and has the stable code of the
`tokenward` command (``code``, as ``TW0401``) with its exit status (``exit``), in the command's sentences and in its language
(``TOKENWARD_LANG``, then the locale: English or Chinese). No secret is in any of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Sequence

__all__ = [
    "AppSettingsWrong",
    "CallRefused",
    "InternalError",
    "LoginRequired",
    "OutcomeUnknown",
    "SettingsWrong",
    "TokenwardError",
    "TryAgainLater",
]


class TokenwardError(Exception):
    """Everything that this package raises of its own."""

    def __init__(
        self,
        code: str,
        message: str,
        kept: str = "",
        hint: str = "",
        *,
        exit: int = 1,
        provider_code: Optional[int] = None,
    ) -> None:
        super().__init__(code, message, kept, hint)
        self.code = code
        self.message = message
        self.kept = kept
        self.hint = hint
        self.exit = exit
        self.provider_code = provider_code

    def __str__(self) -> str:
        said = [f"{self.code}: {self.message}"]
        # Where a setting is wrong nobody fears for the login.
        kept = f"{chosen('Kept: ', '保留：')}{self.kept}" if self.kept and self.exit != 2 else ""
        said.extend(part for part in (kept, self.hint) if part)
        stop = chosen(". ", "。")
        return stop.join(part.rstrip(".。") for part in said) + stop.rstrip()

    def __reduce__(self) -> "tuple[object, ...]":
        # Workers hand exceptions to each other; what is no argument travels as state.
        return type(self), (self.code, self.message, self.kept, self.hint), self.__dict__


class InternalError(TokenwardError):
    """Tokenward's own fault (exit 1)."""


class SettingsWrong(TokenwardError):
    """A setting, an argument or a file cannot be used (exit 2)."""


class LoginRequired(TokenwardError):
    """Somebody has to log in (exit 3)."""


class TryAgainLater(TokenwardError):
    """Passing trouble; nothing is lost (exit 4)."""


class OutcomeUnknown(TokenwardError):
    """Whether it was done is not known; what there was is kept (exit 5)."""


class AppSettingsWrong(TokenwardError):
    """The provider refuses for a cause in the app's settings (exit 6)."""


class CallRefused(TokenwardError):
    """The provider said no to a call; nothing was done."""

    status: int = 0
    log_id: Optional[str] = None
    missing_scopes: Sequence[str] = ()


_CLASSES: "dict[int, type[TokenwardError]]" = {
    1: InternalError,
    2: SettingsWrong,
    3: LoginRequired,
    4: TryAgainLater,
    5: OutcomeUnknown,
    6: AppSettingsWrong,
}


def of_engine(
    *,
    code: str,
    exit: int,
    message: str,
    kept: str,
    next: str,
    profile: Optional[str] = None,
    provider_code: Optional[int] = None,
    status: Optional[int] = None,
    log_id: Optional[str] = None,
    missing_scopes: Sequence[str] = (),
) -> TokenwardError:
    """The exception of an error of the engine, in the sentences that the command has for it."""
    hint = _and_explained(_naming(next, profile), code)
    kind = CallRefused if status is not None else _CLASSES.get(exit, InternalError)
    made = kind(code, message, kept, hint, exit=exit, provider_code=provider_code)
    if isinstance(made, CallRefused) and status is not None:
        made.status, made.log_id, made.missing_scopes = status, log_id, tuple(missing_scopes)
    return made


def of_command(error: Dict[str, Any]) -> TokenwardError:
    """The exception of an error that the command printed: the class that the same code has in this process, in the command's words."""
    from ._tokenward import kept

    code, exit = str(error.get("code", "TW0100")), int(error.get("exit", 1))
    gap = chosen(": ", "：")
    message = gap.join(part for part in (error.get("message"), error.get("detail")) if part)
    refusal = error.get("refusal") or {}
    return _CLASSES.get(exit, InternalError)(
        code,
        message or code,
        kept(str(error.get("kept"))),
        _and_explained(chosen("; ", "；").join(error.get("next") or []), code),
        exit=exit,
        provider_code=refusal.get("provider_code"),
    )


def chosen(english: str, chinese: str) -> str:
    """In the language that the environment asks for, as the command sees it: ``TOKENWARD_LANG``, then the locale."""
    from ._tokenward import reads_chinese

    return chinese if reads_chinese() else english


def _and_explained(hint: str, code: str) -> str:
    more = chosen(f"`tokenward explain {code}` says more", f"更多说明：`tokenward explain {code}`")
    return f"{hint}{chosen('; ', '；')}{more}" if hint else more


# Commands that mean one login.
_OF_A_LOGIN = r"`(tokenward (?:login|refresh|doctor|status|token|logout|api|exec))(?=[ `])"


def _naming(hint: str, profile: Optional[str]) -> str:
    """The commands of a hint as they have to be typed for this login."""
    if not profile or profile == "default":
        return hint
    # Not before something failed: whoever imports the package pays for its imports.
    import re
    import shlex

    quoted = shlex.quote(profile)
    return re.sub(_OF_A_LOGIN, lambda found: f"`{found.group(1)} --profile {quoted}", hint)
