"""What a person does or reads, by the ``tokenward`` command that came with this package: its answers as data.

Each function runs one command with ``--json`` and gives back its document, whose fields are told in the reference of the command
(``docs/reference/json.md``). Its errors are raised as the exceptions of :mod:`tokenward.errors`, with the command's own words.

No secret is among the arguments of a command: it would be read by whoever lists the processes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from .errors import SettingsWrong, TokenwardError, chosen, of_command

__all__ = ["adopt", "doctor", "find", "link", "links", "login", "logout", "run", "status", "unlink"]

_Path = Union[str, "os.PathLike[str]"]


def find() -> str:
    """The command: that which came with the package, else the one of the ``PATH``."""
    schemes = [sysconfig.get_path("scripts")]
    if sys.version_info >= (3, 10):
        schemes.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    for folder in schemes:
        beside = Path(folder) / "tokenward"
        if os.access(beside, os.X_OK):
            return str(beside)
    found = shutil.which("tokenward")
    if found is None:
        raise SettingsWrong(
            "TW0209",
            chosen("command not found: tokenward is neither beside this Python nor on the PATH", "找不到 tokenward 命令：它既不在此 Python 旁边，也不在 PATH 中"),
            chosen("the logins are as they were", "登录保持不变"),
            chosen("Install the package anew: `pip install --force-reinstall tokenward`", "请重新安装：`pip install --force-reinstall tokenward`"),
            exit=2,
        )
    return found


def run(
    *words: str,
    home: Optional[_Path] = None,
    environment: Optional[Mapping[str, str]] = None,
    input: Optional[str] = None,
    timeout: Optional[float] = None,
) -> Dict[str, Any]:
    """Runs a command and gives back its document. ``input`` is its standard input: the place for a secret."""
    done = _ended(words, home, environment, input, timeout)
    _raise(done.returncode, done.stderr)
    return _last(done.stdout)


def status(profile: Optional[str] = None, **where: Any) -> Dict[str, Any]:
    """How a login stands. Spends nothing."""
    return run("status", *_named(profile), **where)


def doctor(
    profile: Optional[str] = None,
    *,
    all: bool = False,
    online: bool = False,
    home: Optional[_Path] = None,
    environment: Optional[Mapping[str, str]] = None,
    timeout: Optional[float] = None,
) -> List[Any]:
    """What the doctor finds, problems too: a list of findings. Spends nothing."""
    words = ["doctor", *_named(profile), *_switches(all=all, online=online)]
    done = _ended(words, home, environment, None, timeout)
    # A problem that it found is its answer, and no failure of the command.
    if not done.stdout.strip():
        _raise(done.returncode, done.stderr)
    return list(_last(done.stdout)["findings"])


def login(
    profile: Optional[str] = None,
    *,
    browser: bool = True,
    device: bool = False,
    paste: Optional[Callable[[str], str]] = None,
    show: Optional[Callable[[Dict[str, Any]], object]] = None,
    scopes: Sequence[str] = (),
    purposes: Sequence[str] = (),
    port: Optional[int] = None,
    replace_user: bool = False,
    env_file: Optional[_Path] = None,
    home: Optional[_Path] = None,
    environment: Optional[Mapping[str, str]] = None,
    timeout: Optional[float] = None,
) -> Dict[str, Any]:
    """Logs somebody in: opens the browser and waits.

    ``browser=False`` opens none and hands the address to ``show`` (as ``{"authorization_url": …}``; by default it is printed to standard
    error). ``device=True`` hands ``show`` the code that is to be typed on another device. With ``paste`` nobody has to come back to
    this machine: it is called with the address, and gives back the address at which the browser ended, for example ``paste=input``.

    ``scopes`` are asked for besides the app's own, ``purposes`` are the scopes of the command's ``--for``: ``wiki``, ``docs``, ``im``, ``mcp``.
    """
    words = ["login", *_named(profile)]
    for scope in scopes:
        words += ["--scope", scope]
    for purpose in purposes:
        words += ["--for", purpose]
    words += _options(port=port, env_file=env_file) + _switches(device=device, replace_user=replace_user)
    if timeout is not None:
        words += ["--timeout", f"{max(1, int(timeout))}s"]
    if paste is not None:
        words.append("--paste")
    elif not device and not browser:
        words.append("--no-browser")
    child = subprocess.Popen(
        _words(words, home),
        env=_variables(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin and child.stdout and child.stderr
    said: List[str] = []
    listening = threading.Thread(target=_listen, args=(child.stderr, said, child.stdin, paste), daemon=True)
    documents: List[Dict[str, Any]] = []
    with child:
        try:
            listening.start()
            if paste is None:
                child.stdin.close()
            for document in _documents(child.stdout):
                documents.append(document)
                if "login" not in document:
                    (show or _show)(document)
            code = child.wait()
            listening.join()
        except BaseException:
            child.terminate()
            raise
    _raise(code, "\n".join(said))
    return documents[-1]


def logout(profile: Optional[str] = None, *, revoke: bool = False, force: bool = False, **where: Any) -> Dict[str, Any]:
    """Forgets a login; with ``revoke`` its tokens are ended at the provider too."""
    return run("logout", *_named(profile), "--yes", *_switches(revoke=revoke, force=force), **where)


def adopt(
    source: Optional[_Path] = None,
    *,
    profile: Optional[str] = None,
    tool: Optional[str] = None,
    account: Optional[str] = None,
    link: bool = True,
    replace_user: bool = False,
    provider: Optional[str] = None,
    **where: Any,
) -> Dict[str, Any]:
    """Takes over the login in a file or in another tool's store. Without a source: what there is on this machine.

    A token JSON is given as ``adopt("-", input=text)``.
    """
    words = ["adopt"] if source is None else ["adopt", _file(source), "--yes"]
    words += _named(profile) + _options(**{"from": tool}, account=account, provider=provider)
    return run(*words, *_switches(no_link=not link, replace_user=replace_user), **where)


def link(
    file: _Path,
    *,
    profile: Optional[str] = None,
    format: Optional[str] = None,
    access: Optional[str] = None,
    refresh: Optional[str] = None,
    server: Optional[str] = None,
    create: bool = False,
    write_over: bool = False,
    **where: Any,
) -> List[Any]:
    """Keeps the tokens in a file in step with a login, from now on. ``write_over`` replaces another user's login in it, which is kept."""
    words = ["link", _file(file), *_named(profile), *_switches(create=create, write_over=write_over)]
    words += _options(format=format, access=access, refresh=refresh, server=server)
    return list(run(*words, **where)["links"])


def unlink(file: _Path, *, server: Optional[str] = None, all: bool = False, **where: Any) -> List[Any]:
    """Leaves a file alone from now on."""
    return list(run("unlink", _file(file), *_options(server=server), *_switches(all=all), **where)["unlinked"])


def links(file: Optional[_Path] = None, **where: Any) -> List[Any]:
    """The files that are kept in step, and how each stands."""
    return list(run("links", *([] if file is None else [_file(file)]), **where)["links"])


def _ended(
    words: Sequence[str],
    home: Optional[_Path],
    environment: Optional[Mapping[str, str]],
    input: Optional[str],
    timeout: Optional[float],
) -> "subprocess.CompletedProcess[str]":
    """A command that ran to its end, however it ended."""
    return subprocess.run(
        _words(words, home),
        env=_variables(environment),
        input=input or "",
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def _words(words: Sequence[str], home: Optional[_Path]) -> List[str]:
    given = [find(), "--json"]
    if home is not None:
        given += ["--home", os.fspath(home)]
    return [*given, *words]


def _variables(environment: Optional[Mapping[str, str]]) -> Dict[str, str]:
    return dict(os.environ if environment is None else environment)


def _named(profile: Optional[str]) -> List[str]:
    return [] if profile is None else ["--profile", profile]


def _file(file: _Path) -> str:
    # A name that begins with a dash is no option.
    name = os.fspath(file)
    return name if name == "-" or not name.startswith("-") else "./" + name


def _options(**given: Any) -> List[str]:
    words: List[str] = []
    for name, value in given.items():
        if value is not None:
            words += ["--" + name.replace("_", "-"), os.fspath(value) if hasattr(value, "__fspath__") else str(value)]
    return words


def _switches(**given: bool) -> List[str]:
    return ["--" + name.replace("_", "-") for name, on in given.items() if on]


def _listen(
    stream: IO[str], said: List[str], stdin: IO[str], paste: Optional[Callable[[str], str]]
) -> None:
    """Reads what the command says while it runs; asks for the pasted address once its login page is known."""
    for line in stream:
        said.append(line)
        note = _field(line, "note") or _field(line, "warning")
        if not isinstance(note, str):
            continue
        address = next((word for word in note.split() if word.startswith(("https://", "http://"))), None)
        if paste is None:
            print(note, file=sys.stderr)
        elif address is not None:
            try:
                stdin.write(paste(address).strip() + "\n")
            finally:
                stdin.close()


def _show(document: Dict[str, Any]) -> None:
    if "user_code" in document:
        address = document.get("verification_uri_complete") or document["verification_uri"]
        print(f"{address}\n{document['user_code']}", file=sys.stderr)
    else:
        print(document.get("authorization_url", document), file=sys.stderr)


def _documents(stream: IO[str]) -> Iterator[Dict[str, Any]]:
    """Documents as they come: of one line, or of several that end with a lone brace."""
    text = ""
    for line in stream:
        text += line
        try:
            document = json.loads(text)
        except ValueError:
            continue
        text = ""
        yield document


def _last(text: str) -> Dict[str, Any]:
    documents = list(_documents(iter(text.splitlines(keepends=True))))  # type: ignore[arg-type]
    return documents[-1] if documents else {}


def _field(line: str, name: str) -> Any:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None


def _raise(code: int, said: str) -> None:
    errors = [error for error in (_field(line, "error") for line in said.splitlines()) if error]
    if code == 0:
        return
    if errors:
        raise of_command(errors[-1])
    raise TokenwardError("TW0100", f"the command ended with {code}: {said.strip()[-500:]}", exit=1)
