"""Small things that callers of ``bkoauth`` use."""

import re

UIN_PATTERN = re.compile(r"^o(?P<uin>\d{3,32})$")


def transform_uin(uin):
    """The number in a QQ account's name as it stands in a cookie (``o0123``); any other text as it is."""
    match = UIN_PATTERN.match(uin)
    return str(int(match.group("uin"))) if match else uin


class FancyDict(dict):
    """A dict whose keys are attributes too."""

    def __getattr__(self, key):
        try:
            return self[key]
        except KeyError:
            raise AttributeError(key) from None

    def __setattr__(self, key, value):
        self[key] = value

    def __delattr__(self, key):
        try:
            del self[key]
        except KeyError:
            raise AttributeError(key) from None


def get_client_ip(request):
    """The user's address as the request's headers have it."""
    return request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("REMOTE_ADDR", "")
