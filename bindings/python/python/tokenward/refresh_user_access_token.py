"""The old script's name, and its file: one call refreshes the login in ``feishu-config.ini``.

::

    from tokenward.refresh_user_access_token import REFRESH_USER_ACCESS_TOKEN

    token = REFRESH_USER_ACCESS_TOKEN(config_file="feishu-config.ini")

or, where a program imports the script by its own name: :func:`tokenward.install_old_script`. And as a program::

    python -m tokenward.refresh_user_access_token -a APP_TOKEN -r REFRESH_TOKEN --config_file feishu-config.ini

What happens to the file is told in ``docs/guide/old-script.md``: both new tokens are in it before the function returns, a refresh token
is sent once, and no answer is lost.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import List, NoReturn, Optional, Union

from . import _tokenward
from .errors import TokenwardError

__all__ = ["FILE", "REFRESH_USER_ACCESS_TOKEN", "refresh"]

_log = logging.getLogger("tokenward")

#: The file that such scripts keep beside themselves.
FILE = "feishu-config.ini"


def refresh(
    app_access_token: Optional[str] = None,
    refresh_token: Optional[str] = None,
    config_file: Optional[Union[str, "os.PathLike[str]"]] = None,
) -> str:
    """Refreshes the login in the file, which then holds both new tokens, and gives back the new user access token.

    Without tokens, those of the file are used. A file that is not there is made if both are given.
    """
    file = FILE if config_file is None else os.fspath(config_file)
    token, healed, notices = _tokenward.refresh_script(
        None, dict(os.environ), file, app_access_token or None, refresh_token or None
    )
    if healed:
        _log.warning("%s held a used refresh token; it holds the present tokens now, and nothing was sent", file)
    for notice in notices:
        _log.warning("%s: %s", file, notice)
    return token


def REFRESH_USER_ACCESS_TOKEN(
    app_access_token: Optional[str] = None,
    refresh_token: Optional[str] = None,
    config_file: Optional[Union[str, "os.PathLike[str]"]] = None,
) -> Optional[str]:
    """As :func:`refresh`, with the old script's answer to a failure: ``None``. The reason is logged (logger ``tokenward``)."""
    try:
        return refresh(app_access_token, refresh_token, config_file)
    except TokenwardError as error:
        _log.error("%s", error)
        return None


def main(words: Optional[List[str]] = None) -> NoReturn:
    """The command's ``refresh``, which understands the old script's flags."""
    from .command import find

    given = sys.argv[1:] if words is None else words
    # Without any of its flags the old script takes its file, and the command's `refresh` the login of a profile.
    names = ("--config_file", "--config-file")
    if not any(word.split("=", 1)[0] in names for word in given):
        given = ["--config_file", FILE, *given]
    program = find()
    sys.stdout.flush()
    os.execv(program, [program, "refresh", *given])


if __name__ == "__main__":
    main()
