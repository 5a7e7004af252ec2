"""What can go wrong, under the names that ``bkoauth`` gave it.

Each has the stable ``code`` of the story ("TW0411"), what was ``kept``, and a ``hint``; ``tokenward explain CODE`` tells more. Where a setting
of the site is most likely wrong, ``setting`` is its name. ``needs_login`` tells whether the user is helped by logging in again. None of them
holds a secret.
"""

# Codes that end when the user logs in at BlueKing again.
_LOG_IN = ("TW0401", "TW0402", "TW0403", "TW0404", "TW0405", "TW0406", "TW0409", "TW0411", "TW0412", "TW0413", "TW0415")


class TokenException(Exception):
    """The root of both."""

    def __init__(self, message="", code=None, kept=None, hint=None, exit=None, setting=None, provider_code=None):
        super().__init__(message)
        self.message = message
        self.code = code
        self.kept = kept
        self.hint = hint
        self.exit = exit
        self.setting = setting
        self.provider_code = provider_code

    @property
    def needs_login(self):
        """Whether the user gets a token by logging in at BlueKing again. ``False`` where a setting of the site is in the way: sent to the
        login page, the user would come back with the same cookie."""
        return self.code in _LOG_IN and self.setting is None

    def __str__(self):
        parts = [str(self.message)]
        if self.code and self.code not in parts[0]:
            parts.append(f"[{self.code}]")
        if self.hint and self.hint not in parts[0]:
            parts.append(f"({self.hint})")
        return " ".join(parts)

    def __reduce__(self):
        return type(self), (self.message, self.code, self.kept, self.hint, self.exit, self.setting, self.provider_code)


class TokenAPIError(TokenException):
    """The token service said no, or could not be reached, or a setting or the vault stands in the way."""


class TokenNotExist(TokenException):
    """There is no token of that user, and nothing to get one with."""


class TokenNotExistForRequest(TokenNotExist, TokenAPIError):
    """The same of a request's user. ``bkoauth`` asks the token service even for a request without a user or a cookie, so its callers know
    every failure of ``get_access_token(request)`` as :class:`TokenAPIError`."""


def of_request(error):
    """The failure as a caller of ``get_access_token(request)`` may catch it."""
    if type(error) is not TokenNotExist:
        return error
    return TokenNotExistForRequest(*error.__reduce__()[1])
