"""For scripts at Feishu and Lark: the client that keeps its tokens in a ``.env``, and one call that logs in.

Both keep their file in step: whoever refreshes the login, and however often, the file has the present tokens.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from . import Login, command, open
from .errors import TokenwardError

__all__ = ["FeishuApiClient", "login"]

_Path = Union[str, "os.PathLike[str]"]


class FeishuApiClient:
    """A client for the app and the login in a ``.env``.

    To build one reads nothing and sends nothing. The first use looks for the login: one that the file has is taken over, and refreshed
    once, since nobody knows how long its tokens live. If there is none yet, :meth:`login` asks somebody, and every other method raises :exc:`tokenward.LoginRequired`.
    """

    def __init__(self, file: _Path = ".env", *, home: Optional[_Path] = None) -> None:
        self._file = Path(file).absolute()
        self._home = home
        self._found: Optional[Login] = None

    @classmethod
    def from_env(cls, path: _Path = ".env", *, home: Optional[_Path] = None) -> FeishuApiClient:
        """Of the app and the login in this file (``FEISHU_APP_ID``, ``FEISHU_APP_SECRET``; the tokens beside them)."""
        return cls(path, home=home)

    def login(self, **options: Any) -> None:
        """Somebody logs in, and the file gets the tokens. Options as of :func:`tokenward.command.login`."""
        self._found = None
        command.login(env_file=self._file, home=self._home, **options)

    def get_user_token(self, force_refresh: bool = False) -> str:
        """An access token that is good. It is refreshed where that is due, or if the caller insists."""
        return self.refresh_user_token() if force_refresh else self._login().token()

    def refresh_user_token(self) -> str:
        """A new access token, whatever the age of the present one."""
        login = self._login()
        return login.access(newer_than=login.access()).token

    def get_user_info(self) -> Dict[str, Any]:
        """Who is logged in: ``name``, ``open_id``, and what else the provider tells."""
        data: Dict[str, Any] = self._login().get("/open-apis/authen/v1/user_info").json()["data"]
        return data

    def create_wiki_doc(
        self,
        path: _Path,
        personal: bool = True,
        *,
        space: Optional[str] = None,
        parent: Optional[str] = None,
        title: Optional[str] = None,
        again: bool = False,
    ) -> Dict[str, Any]:
        """Makes a page of a Markdown file: in the user's own library, or in a space or below a page. A file that has its page there already
        keeps it: the page gets what the file says now, and its address stays (``title`` too is the page's own then). ``again`` makes another
        page, as each run of the old client did. A page that somebody else has changed is left as it is, and that is raised (``TW0844``).
        Gives back ``url``, ``node_token``, ``document_id``, ``changed`` and more.
        """
        of_file = [os.fspath(path), "--profile", self._login().name]
        for name, value in (("--space", space), ("--parent", parent)):
            if value is not None:
                of_file += [name, value]
        if personal and space is None and parent is None:
            of_file.append("--personal")
        words = ["wiki", "create", *of_file] + ([] if title is None else ["--title", title])
        try:
            return command.run(*words, *(["--again"] if again else []), home=self._home)
        except TokenwardError as error:
            if error.code != "TW0843" or again:
                raise
        return command.run("wiki", "update", *of_file, home=self._home)

    def _login(self) -> Login:
        if self._found is None:
            profile = self._linked()
            if profile is None:
                profile = str(command.link(self._file, home=self._home)[0]["profile"])
            self._found = open(self._home).profile(profile)
        return self._found

    def _linked(self) -> Optional[str]:
        try:
            found = command.links(self._file, home=self._home)
        except TokenwardError as error:
            if error.code == "TW0506":
                return None
            raise
        return str(found[0]["profile"]) if found else None

    def __repr__(self) -> str:
        return f"<tokenward.feishu.FeishuApiClient of {str(self._file)!r}>"


def login(
    client_id: str,
    client_secret: str,
    *,
    redirect_uri: str = "http://localhost:9000/callback",
    scopes: Sequence[str] = (),
    save: Optional[_Path] = "token.json",
    provider: str = "feishu",
    profile: Optional[str] = None,
    home: Optional[_Path] = None,
    environment: Optional[Mapping[str, str]] = None,
    **options: Any,
) -> Login:
    """Logs somebody in with an app, and gives back the login.

    The app is kept in the vault and its configuration, under its id unless ``profile`` says otherwise; the secret is encrypted. ``save`` is
    a JSON file that holds the tokens from now on (``access_token``, ``refresh_token``). Further options as of
    :func:`tokenward.command.login`.
    """
    if isinstance(scopes, str):
        # One text, as in the provider's documents, or with the commas that many write.
        scopes = scopes.replace(",", " ").split()
    name = profile or client_id
    variables = dict(os.environ if environment is None else environment)
    # What stands in the environment about another app must not get mixed with this one.
    for about_an_app in ("TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET", "TOKENWARD_REDIRECT_URI", "TOKENWARD_PROFILE"):
        variables.pop(about_an_app, None)
    where: Dict[str, Any] = {"home": home, "environment": variables}
    command.run(
        "init", "--app", name, "--provider", provider, "--app-id", client_id, "--app-secret-stdin",
        "--redirect-uri", redirect_uri, "--yes", input=client_secret + "\n", **where,
    )  # fmt: skip
    command.login(name, scopes=scopes, **where, **options)
    if save is not None:
        _save(Path(save).absolute(), name, where)
    return open(home, variables).profile(name)


def _save(file: Path, name: str, where: Dict[str, Any]) -> None:
    if not file.exists():
        # Places for the tokens; nobody else may read the file from its first moment on.
        places = {"access_token": "", "token_type": "Bearer", "expires_in": 7200, "refresh_token": ""}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            json.dump(places, new, indent=2)
            new.write("\n")
    command.link(file, profile=name, create=True, write_over=True, **where)
