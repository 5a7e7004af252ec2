"""The stand of the tests: the command's own sandbox, and a folder with a login in it.

``TOKENWARD_COMMAND`` names another command than the one that came with the installed package.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sysconfig
import urllib.request
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest


def find_command() -> str:
    named = os.environ.get("TOKENWARD_COMMAND")
    beside = Path(sysconfig.get_path("scripts")) / "tokenward"
    found = named or (str(beside) if beside.exists() else shutil.which("tokenward"))
    assert found, "the tokenward command is not there"
    return found


def free_port() -> int:
    """One that no outgoing connection is given meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


# A proxy of this machine must not stand between a test and its sandbox.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Sandbox:
    """A provider that truly rotates, on this machine."""

    def __init__(self, *options: str) -> None:
        redirect = f"http://127.0.0.1:{free_port()}/callback"
        words = [find_command(), "--json", "sandbox", "--auto-consent", "--redirect-uri", redirect, *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        lines: List[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("}"):
                break
        self.told: Dict[str, Any] = json.loads("".join(lines))
        self.settings: Dict[str, str] = dict(self.told["env"])

    def control(self, path: str, data: Optional[object] = None, method: Optional[str] = None) -> Any:
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.told["control_url"] + "/control/" + path, data=body, method=method)
        with _opener.open(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def counters(self) -> Dict[str, Any]:
        answer = self.control("counters")
        return dict(answer.get("counters", answer))

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


class Stand:
    """A sandbox and a folder of its own, with the variables that lead there."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox = sandbox
        self.home = home
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TOKENWARD_", "FEISHU_"))}
        self.variables = {**kept, **sandbox.settings, "TOKENWARD_HOME": str(home), "TOKENWARD_LANG": "en"}

    def run(self, *words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        options.setdefault("env", self.variables)
        return subprocess.run([find_command(), *words], capture_output=True, text=True, timeout=60, **options)

    def log_in(self, *words: str) -> None:
        """A person who opens the page and says yes."""
        with subprocess.Popen(
            [find_command(), "login", "--no-browser", *words],
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as login:
            assert login.stdout is not None and login.stderr is not None
            url = login.stdout.readline().strip()
            assert url, login.stderr.read()
            with _opener.open(url, timeout=20) as page:
                page.read()
            assert login.wait(timeout=30) == 0, login.stderr.read()

    def later(self, seconds: int) -> None:
        """Time passes, for the provider and for whoever is started after this."""
        self.sandbox.control("clock", {"advance_seconds": seconds})
        before = int(self.variables.get("TOKENWARD_CLOCK_OFFSET", "0"))
        self.variables["TOKENWARD_CLOCK_OFFSET"] = str(before + seconds)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.end()


@pytest.fixture
def stand(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Nobody is logged in yet. The process itself has the variables too."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    stand = Stand(sandbox, home)
    for name in [name for name in os.environ if name.startswith(("TOKENWARD_", "FEISHU_"))]:
        if name != "TOKENWARD_COMMAND":
            monkeypatch.delenv(name)
    for name, value in stand.variables.items():
        monkeypatch.setenv(name, value)
    return stand


@pytest.fixture
def logged_in(stand: Stand) -> Stand:
    stand.log_in()
    return stand
