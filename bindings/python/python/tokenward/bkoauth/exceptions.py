"""What can go wrong, under the names that ``bkoauth`` gave it.

Each has the stable ``code`` of the story ("TW0411"), what was ``kept``, and a ``hint``; ``tokenward explain CODE`` tells more. None of
them holds a secret.
"""


class TokenException(Exception):
    """The root of both."""

    def __init__(self, message="", code=None, kept=None, hint=None, exit=None):
        super().__init__(message)
        self.message = message
        self.code = code
        self.kept = kept
        self.hint = hint
        self.exit = exit

    def __str__(self):
        parts = [str(self.message)]
        if self.code and self.code not in parts[0]:
            parts.append(f"[{self.code}]")
        if self.hint and self.hint not in parts[0]:
            parts.append(f"({self.hint})")
        return " ".join(parts)

    def __reduce__(self):
        return type(self), (self.message, self.code, self.kept, self.hint, self.exit)


class TokenAPIError(TokenException):
    """The token service said no, or could not be reached, or a setting or the vault stands in the way."""


class TokenNotExist(TokenException):
    """There is no token of that user, and nothing to get one with."""
