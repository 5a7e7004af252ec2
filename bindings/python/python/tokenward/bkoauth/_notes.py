"""What this vault has written into a table: one small file for each row, beside the vault.

Enters: the vault's folder, whose row it is, in which database. Leaves: the number of the row that was written. Names are hashed, and no token
is in a note. Two processes that find a row gone take turns by a lock on the folder, so that one forgets and the other sees the new login.
"""

import contextlib
import hashlib
import json
import os
import secrets

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None

_noted = set()
_vaults = {}


class Notes:
    def __init__(self, home, profile, environment, user, database):
        self.folder = _folder(home)
        words = json.dumps([profile, environment, user, database])
        self.path = os.path.join(self.folder, hashlib.sha256(words.encode()).hexdigest()[:32] + ".row")

    def read(self):
        """The number of the row, if one was written."""
        try:
            with open(self.path, encoding="ascii") as file:
                return file.read().strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def write(self, row):
        written = f"{self.path}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            with _private(written) as file:
                file.write(str(row))
            os.replace(written, self.path)
            _noted.add((self.path, str(row)))
        except OSError:
            # The row is there, and the next call notes it.
            with contextlib.suppress(OSError):
                os.unlink(written)

    def is_noted(self, row):
        if (self.path, str(row)) in _noted:
            return True
        if self.read() == str(row):
            _noted.add((self.path, str(row)))
            return True
        return False

    def remove(self):
        for known in [known for known in _noted if known[0] == self.path]:
            _noted.discard(known)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    @contextlib.contextmanager
    def locked(self):
        """The note, while nobody else of this vault looks for deleted rows."""
        lock = os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.read()
        finally:
            os.close(lock)


def vault(home):
    """The number of the vault in this folder, drawn once. It says which vault a row is of, and nothing else."""
    known = _vaults.get(home)
    if known is not None:
        return known
    path = os.path.join(_folder(home), "vault")
    drawn = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    if not os.path.exists(path):
        with _private(drawn) as file:
            file.write(secrets.token_hex(8))
        try:
            os.link(drawn, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(drawn)
    with open(path, encoding="ascii") as file:
        _vaults[home] = file.read().strip()
    return _vaults[home]


def _folder(home):
    folder = os.path.join(home, "bkoauth")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def _private(path):
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="ascii")
