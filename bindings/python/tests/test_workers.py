"""Under servers and queues that fork workers of their own: gunicorn, uWSGI, Celery.

The token is due when the workers start, and all of them are asked for it at once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Set

import pytest

from conftest import Stand, _opener, free_port

# What a site does: the login is opened where the module is imported, which with `--preload` is before the workers are forked.
SITE = """
    import os, tokenward
    login = tokenward.open().profile()
    if os.environ.get("AT_IMPORT"):
        login.token()

    def application(environ, start_response):
        token = login.token() if environ["PATH_INFO"] == "/" else login._profile.access(0.0, None)[0][0]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{os.getpid()} {token}".encode()]
"""
# The same as tasks. A task says what it got in a file: no second thing has to work for that.
TASKS = """
    import os, celery, tokenward
    login = tokenward.open().profile()
    if os.environ.get("AT_IMPORT"):
        login.token()
    folder = os.environ["QUEUE"]
    app = celery.Celery("tasks_of_a_test", broker="filesystem://")
    app.conf.update(
        broker_transport_options={
            "data_folder_in": folder, "data_folder_out": folder, "control_folder": folder, "polling_interval": 0.05
        },
        broker_connection_retry_on_startup=True, task_ignore_result=True, worker_prefetch_multiplier=1,
    )

    @app.task
    def token(long):
        got = login._profile.access(0.0, None)[0][0] if long else login.token()
        with open(os.environ["SAID"], "a") as said:
            said.write(f"{os.getpid()} {got}\\n")
"""


@pytest.fixture
def variables(logged_in: Stand, tmp_path: Path) -> Dict[str, str]:
    """Of a server whose folder has the site and the tasks, and to whom the token is due."""
    (tmp_path / "site_of_a_test.py").write_text(textwrap.dedent(SITE))
    (tmp_path / "tasks_of_a_test.py").write_text(textwrap.dedent(TASKS))
    (tmp_path / "queue").mkdir()
    logged_in.later(7260)
    return {
        **logged_in.variables,
        "PYTHONPATH": str(tmp_path),
        "QUEUE": str(tmp_path / "queue"),
        "SAID": str(tmp_path / "said"),
    }


class Server:
    """A server that was started, with what it says in a file."""

    def __init__(self, words: List[str], variables: Dict[str, str], folder: Path) -> None:
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(words, env=variables, cwd=folder, stdout=log, stderr=log)

    def wait_until(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None and time.monotonic() < end, self.told()
            time.sleep(0.1)

    def told(self) -> str:
        return self.log.read_text()[-4000:]

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def everybody_asks(server: Server, port: int) -> Set[str]:
    """The process of each answer of many that were asked for at once, all with one token."""
    answers: List[str] = []

    def ask(path: str) -> bool:
        try:
            with _opener.open(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                answers.append(answer.read().decode())
            return True
        except OSError:
            return False

    server.wait_until(lambda: ask("/"))
    asking = [threading.Thread(target=ask, args=(path,)) for path in ["/", "/long"] * 20]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(answers) == 41, server.told()
    assert len({answer.split()[1] for answer in answers}) == 1
    return {answer.split()[0] for answer in answers}


def one_exchange(logged_in: Stand) -> None:
    counters = logged_in.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (1, 0), counters


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[List[str], Dict[str, str]], Server]]:
    started: List[Server] = []

    def start(words: List[str], variables: Dict[str, str]) -> Server:
        started.append(Server(words, variables, tmp_path))
        return started[-1]

    yield start
    for server in started:
        server.end()


Start = Callable[[List[str], Dict[str, str]], Server]


@pytest.mark.parametrize(
    "options",
    [["--preload"], ["--worker-class", "gthread", "--threads", "4", "--preload"], ["--worker-class", "gevent"], []],
    ids=["preload", "gthread", "gevent", "sync"],
)
def test_under_gunicorn(logged_in: Stand, variables: Dict[str, str], start: Start, options: List[str]) -> None:
    pytest.importorskip("gunicorn")
    port = free_port()
    words = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "3", *options]
    if "--preload" in options:
        variables["AT_IMPORT"] = "yes"
    server = start([*words, "site_of_a_test"], variables)
    assert everybody_asks(server, port)
    assert "TIMEOUT" not in server.told(), server.told()
    one_exchange(logged_in)


# uWSGI forks without Python's hooks, but where it is told to call them: which it does in an order that Python 3.13 no longer bears, with any
# site. It loads the site before that, unless it is told to be lazy.
HOOKS = [] if sys.version_info >= (3, 13) else [pytest.param(["--threads", "4", "--py-call-osafterfork"], id="hooks")]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="prefork"),
        pytest.param(["--lazy-apps"], id="lazy"),
        pytest.param(["--threads", "4"], id="threads"),
        *HOOKS,
    ],
)
def test_under_uwsgi(logged_in: Stand, variables: Dict[str, str], start: Start, options: List[str]) -> None:
    uwsgi = shutil.which("uwsgi", path=os.path.dirname(sys.executable))
    if uwsgi is None:
        pytest.skip("uWSGI is not there")
    port = free_port()
    words = [uwsgi, "--http-socket", f"127.0.0.1:{port}", "--master", "--die-on-term", "--need-app", "--processes", "3"]
    variables["AT_IMPORT"] = "yes" if "--lazy-apps" not in options else ""
    server = start([*words, "--listen", "60", "--harakiri", "60", "--module", "site_of_a_test", *options], variables)
    workers = everybody_asks(server, port)
    assert str(server.process.pid) not in workers
    assert "HARAKIRI" not in server.told(), server.told()
    one_exchange(logged_in)


@pytest.mark.parametrize("at_import", ["", "yes"], ids=["prefork", "opened before"])
def test_under_celery(
    logged_in: Stand, variables: Dict[str, str], start: Start, tmp_path: Path, at_import: str
) -> None:
    pytest.importorskip("celery")
    variables["AT_IMPORT"] = at_import
    celery = [sys.executable, "-m", "celery", "--app", "tasks_of_a_test"]
    send = "import tasks_of_a_test as tasks\nfor number in range(40): tasks.token.delay(number % 2)"
    # Whoever sends tasks loads them; the login is the workers' affair.
    sent = subprocess.run(
        [sys.executable, "-c", send], env={**variables, "AT_IMPORT": ""}, capture_output=True, text=True, timeout=120
    )
    assert sent.returncode == 0, sent.stderr
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    server = start([*celery, "worker", "--pool", "prefork", "--concurrency", "3", *quiet], variables)
    said = tmp_path / "said"
    server.wait_until(lambda: said.exists() and len(said.read_text().splitlines()) == 40)
    lines = [line.split() for line in said.read_text().splitlines()]
    assert len({token for _, token in lines}) == 1
    assert str(server.process.pid) not in {process for process, _ in lines}
    one_exchange(logged_in)
