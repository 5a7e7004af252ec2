"""What this vault has written into a table: one small file for each row, beside the vault; and which token service its logins are of.

Enters: the vault's folder, whose row it is, in which database. Leaves: the number of the row that was written, the service's name. Names of
users are hashed, and no token is in a note. Two processes that find a row gone take turns by a lock on the folder, so that one forgets and the
other sees the new login.
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
_services = {}


class Notes:
    def __init__(self, home, profile, environment, user, database):
        self.folder = _folder(home)
        words = json.dumps([profile, environment, user, database])
        self.path = os.path.join(self.folder, hashlib.sha256(words.encode()).hexdigest()[:32] + ".row")
        self.writing = self.path[: -len("row")] + "writing"

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

    def begin(self, token, says_so):
        """``None`` where a transaction under way has written the row with this token. Else, with ``says_so``, others hear the same of this one for
        as long as what is given back is held: one that is rolled back lets go of it, and so does a process that dies."""
        if fcntl is None:
            return _Writing(None)
        writing = _Writing(os.open(self.writing, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            fcntl.flock(writing.file, (fcntl.LOCK_EX if says_so else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            # Of an older token it is no reason to keep quiet about this one.
            return None if os.read(writing.file, 64) == _digest(token) else _Writing(None)
        if says_so:
            os.ftruncate(writing.file, 0)
            os.write(writing.file, _digest(token))
        return writing

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


class _Writing:
    def __init__(self, file):
        self.file = file

    def end(self):
        if self.file is not None:
            os.close(self.file)
            self.file = None

    __del__ = end


def _digest(token):
    return hashlib.sha256(token.encode()).hexdigest()[:16].encode()


def service(home, profile):
    """The token service that the logins under a name are of, once one gave a token."""
    path = _service_note(home, profile)
    if path not in _services:
        try:
            with open(path, encoding="utf-8") as file:
                _services[path] = file.read().strip()
        except (OSError, UnicodeDecodeError):
            return None
    return _services[path]


def keep_service(home, profile, name):
    """Notes it, the first alone."""
    if service(home, profile) is None:
        # Without it a service that is moved is not noticed; the token is good all the same.
        with contextlib.suppress(OSError):
            _once(_service_note(home, profile), name)


def _service_note(home, profile):
    return os.path.join(home, "bkoauth", hashlib.sha256(profile.encode()).hexdigest()[:32] + ".service")


def vault(home):
    """The number of the vault in this folder, drawn once. It says which vault a row is of, and nothing else."""
    known = _vaults.get(home)
    if known is not None:
        return known
    path = os.path.join(_folder(home), "vault")
    if not os.path.exists(path):
        _once(path, secrets.token_hex(8))
    with open(path, encoding="ascii") as file:
        _vaults[home] = file.read().strip()
    return _vaults[home]


def _once(path, text):
    """Writes a file that is not there; of several at the same moment, one."""
    _folder(os.path.dirname(os.path.dirname(path)))
    drawn = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    with _private(drawn) as file:
        file.write(text)
    try:
        os.link(drawn, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(drawn)


def _folder(home):
    folder = os.path.join(home, "bkoauth")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def _private(path):
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="utf-8")
