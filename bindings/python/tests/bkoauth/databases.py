"""A PostgreSQL and a MariaDB of the test's own: in a temporary folder, on a free port of the loopback, for as long as a test holds it.

Neither runs as root, so a test that is root lends them the user ``nobody``. Each is as it comes: PostgreSQL reads what is committed, MariaDB
what was there when the transaction began, and compares names without case.
"""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time


class Missing(Exception):
    """A program is not installed."""


class Server:
    """An empty one that listens. ``settings`` is what Django is told of a database."""

    def __init__(self, port):
        self.port = port
        self.folder = tempfile.mkdtemp(prefix="bkoauth-server-")
        self.as_user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.process = None
        try:
            self.run(self.make())
            self.log = open(os.path.join(self.folder, "log"), "wb")
            self.process = subprocess.Popen(self.serve(), stdout=self.log, stderr=self.log, **self.options())
            self.wait()
        except BaseException:
            self.end()
            raise

    def options(self):
        return {"cwd": "/", "env": {**os.environ, "LC_ALL": "C"}, "stdin": subprocess.DEVNULL, **self.as_user}

    def run(self, words, text=None):
        options = self.options()
        if text is not None:
            del options["stdin"]
            options["input"] = text
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait(self):
        end = time.monotonic() + 60
        while True:
            assert self.process.poll() is None and time.monotonic() < end, self.said()
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    self.make_database()
                    return
            except (OSError, AssertionError):
                time.sleep(0.2)

    def said(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def end(self):
        if self.process is not None:
            self.process.send_signal(self.signal)
            self.process.wait(timeout=60)
            self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    import signal as _signals

    # The fast shutdown.
    signal = _signals.SIGINT

    def make(self):
        words = ["-U", "owner", "-E", "UTF8", "--locale", "C", "--auth", "trust", "--no-sync", "-D", self.data()]
        return [program("initdb"), *words]

    def serve(self):
        words = ["-D", self.data(), "-h", "127.0.0.1", "-p", str(self.port), "-k", "", "-c", "fsync=off"]
        return [program("postgres"), *words]

    def data(self):
        return os.path.join(self.folder, "data")

    def make_database(self):
        self.run([program("psql"), "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "owner", "-d", "postgres"], "CREATE DATABASE site")

    @property
    def settings(self):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "NAME": "site",
            "USER": "owner",
            "PASSWORD": "",
        }


class MariaDb(Server):
    import signal as _signals

    signal = _signals.SIGTERM

    def make(self):
        words = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", f"--datadir={self.data()}"]
        return [program("mariadb-install-db"), *words]

    def serve(self):
        words = ["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", f"--datadir={self.data()}", f"--port={self.port}"]
        places = [f"--socket={os.path.join(self.folder, 's')}", f"--pid-file={os.path.join(self.folder, 'pid')}"]
        # A wait for a lock is told sooner than a test gives up.
        return [program("mariadbd"), *words, *places, "--innodb-flush-log-at-trx-commit=0", "--innodb-lock-wait-timeout=10"]

    def data(self):
        return os.path.join(self.folder, "data")

    def make_database(self):
        words = ["--no-defaults", "-h", "127.0.0.1", "-P", str(self.port), "-u", "root"]
        self.run([program("mariadb"), *words], "CREATE DATABASE IF NOT EXISTS site CHARACTER SET utf8mb4")

    @property
    def settings(self):
        return {
            "ENGINE": "django.db.backends.mysql",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "NAME": "site",
            "USER": "root",
            "PASSWORD": "",
            "OPTIONS": {"charset": "utf8mb4"},
        }


def program(name):
    """Debian puts servers where no user's PATH looks."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise Missing(f"{name} is not installed: postgresql, mariadb-server-core and mariadb-client-core have what is needed")
    return found


KINDS = {"postgresql": Postgres, "mariadb": MariaDb}
