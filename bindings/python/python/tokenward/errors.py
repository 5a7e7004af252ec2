"""What goes wrong, as exceptions. One root: :class:`TokenwardError`.

Each says what happened (``message``), what was kept (``kept``) and what to do next (``hint``), and has the stable code of the
`tokenward` command (``code``, as ``TW0401``) with its exit status (``exit``). No secret is in any of it.
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
        kept = f"Kept: {self.kept}" if self.kept and self.exit != 2 else ""
        said.extend(part for part in (kept, self.hint) if part)
        return ". ".join(part.rstrip(".") for part in said) + "."

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
    name: str,
    exit: int,
    detail: Optional[str],
    kept: str,
    profile: Optional[str] = None,
    provider_code: Optional[int] = None,
    status: Optional[int] = None,
    log_id: Optional[str] = None,
    missing_scopes: Sequence[str] = (),
) -> TokenwardError:
    """The exception of an error of the engine."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    message = f"{words}: {detail}" if detail else words
    hint = f"`tokenward explain {code}` says more"
    if exit == 3:
        option = f" --profile {profile}" if profile and profile != "default" else ""
        hint = f"Log in with `tokenward login{option}`; {hint}"
    kind = CallRefused if status is not None else _CLASSES.get(exit, InternalError)
    made = kind(code, message, kept, hint, exit=exit, provider_code=provider_code)
    if isinstance(made, CallRefused) and status is not None:
        made.status, made.log_id, made.missing_scopes = status, log_id, tuple(missing_scopes)
    return made


def of_command(error: Dict[str, Any]) -> TokenwardError:
    """The exception of an error that the command printed: the class that the same code has in this process, in the command's words."""
    code, exit = str(error.get("code", "TW0100")), int(error.get("exit", 1))
    message = ": ".join(part for part in (error.get("message"), error.get("detail")) if part)
    refusal = error.get("refusal") or {}
    return _CLASSES.get(exit, InternalError)(
        code,
        message or code,
        _KEPT.get(str(error.get("kept")), ""),
        "; ".join(error.get("next") or [f"`tokenward explain {code}` says more"]),
        exit=exit,
        provider_code=refusal.get("provider_code"),
    )


# The same sentences as of an error of this process.
_KEPT = {
    "nothing": "there was nothing to keep",
    "everything": "the login is as it was",
    "token-unused": "the refresh token was not sent and is in the vault",
    "answer-in-journal": "the provider's answer is kept and is stored by the next call",
    "answer-in-rescue-slot": "the provider's answer is kept and is stored by the next call",
    "outcome-unknown": "the refresh token is kept, and whether it was used up is not known",
    "new-tokens": "the new tokens are in the vault",
    "record": "the record of the login is kept",
}
