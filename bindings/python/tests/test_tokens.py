"""A token, got as a program gets it."""

from __future__ import annotations

import tokenward
from conftest import Stand


def test_a_token_of_the_login_that_the_command_made(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    token = login.token()
    assert token == logged_in.run("token").stdout.strip()
    access = login.access()
    assert (access.token, access.generation) == (token, 1)
    assert token not in repr(access) + str(access) + repr(login)
