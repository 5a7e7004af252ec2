"""The table and the vault: what was handed out is shown in the table, and what is done to the one is heard by the other.

Enters: what the engine handed out for a user. Leaves: the user's row with that token. Heard is

* a row that has a refresh token: the real ``bkoauth`` wrote it. Its login is taken over into the vault, once, and its refresh token leaves
  the table;
* a row that was written here and is gone: whoever deleted it wants the login forgotten. Through the ORM that is heard at once
  (:mod:`.signals`), else when the user is asked for. What tells "gone" from "never written" is a note beside the vault (:mod:`._notes`), made
  once the row is committed;
* a login that was written here and is gone: its row goes too.

A row that another vault wrote is told: two vaults on one table refresh each on its own. What fails in the table fails no token; it is logged.
A crash leaves a row without a note, which the next call notes, or a token without a row, which the next call writes.
"""

import contextlib
import datetime
import json
import logging
import threading

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connections, router, transaction

from . import _engine, _notes
from .exceptions import TokenAPIError, TokenNotExist

LOG = logging.getLogger("component")
_own = threading.local()


def serve(app, client, user, ask):
    """A row with a good token of a user, or of the app where ``user`` is ``None``."""
    from .models import AccessToken

    table = _Table(AccessToken, app, client, user) if apps.is_installed(_package()) else None
    if table is None:
        return _filled(AccessToken(), app, user, _handed(ask, client), None)
    rows = table.read()
    if rows is not None and not rows:
        table.forget_if_deleted()
    if rows:
        table.take_over(rows)
    try:
        token = _handed(ask, client)
    except TokenNotExist as error:
        if rows and error.code == "TW0401":
            table.remove_ended(rows)
        raise
    return table.show(rows, token)


def forget_deleted(app, user, environment, alias):
    """A row was deleted through the ORM, and that is committed: its login is forgotten, unless there is another row of it."""
    from .models import AccessToken

    table = _Table(AccessToken, app, _engine.client(app), user)
    if (environment, alias) == (app.environment, table.alias):
        table.forget_if_deleted()


def is_own_deletion():
    """Whether this thread deletes a row for the table's sake, and means no login by it."""
    return getattr(_own, "deletes", False)


@contextlib.contextmanager
def _for_the_tables_sake():
    _own.deletes = True
    try:
        yield
    finally:
        _own.deletes = False


def _handed(ask, client):
    token = _engine.call(lambda: ask(client))
    for notice in token.notices:
        LOG.warning("%s", notice)
    return token


class _Table:
    def __init__(self, model, app, client, user):
        self.model, self.app, self.client, self.user = model, app, client, user
        # The one that is written: a copy that lags behind would look as if rows had been deleted.
        self.alias = router.db_for_write(model)

    def read(self):
        """The user's rows, the oldest first. ``None`` where the table cannot be read."""
        try:
            with self._savepoint():
                return self._rows()
        except DatabaseError as error:
            self._failed("read", error)
            return None

    def _rows(self):
        found = self.model._default_manager.using(self.alias).filter(env_name=self.app.environment, user_id=self.user)
        # Some databases compare without case.
        return [row for row in found.order_by("pk") if row.user_id == self.user]

    def forget_if_deleted(self):
        """Forgets the login whose row was written here and is gone."""
        notes = self._notes()
        if notes is None or notes.read() is None:
            return
        with notes.locked() as noted:
            # Not within this request's transaction, which may be older than the row.
            if noted is None or (self._is_there() if connections[self.alias].get_autocommit() else _elsewhere(self._is_there)):
                return
            if _engine.call(lambda: self.client.forget(self.user)):
                LOG.warning("the row of %s was deleted, so the login is forgotten", self._who())
            notes.remove()

    def _is_there(self):
        try:
            return bool(self._rows())
        except DatabaseError as error:
            self._failed("read", error)
            return True

    def remove_ended(self, rows):
        """Removes the row whose login this vault had and has no longer: ``tokenward logout`` took it. One that another vault or the real
        ``bkoauth`` wrote stays, and so does the one that is kept under another name."""
        notes, vault = self._notes(), self._vault()
        noted = notes.read() if notes is not None else None
        ended = [row for row in rows if str(row.pk) == noted and not row.refresh_token and vault and _mark(row).get("vault") == vault]
        if not ended:
            return
        try:
            with self._savepoint(), _for_the_tables_sake():
                # By its token too: somebody may be writing that of a new login at this moment.
                here = self.model._default_manager.using(self.alias)
                removed, _ = here.filter(pk=ended[0].pk, access_token=ended[0].access_token).delete()
        except DatabaseError as error:
            self._failed("written", error)
            return
        if removed:
            LOG.warning("the login of %s was ended on this machine, so its row is removed", self._who())
            transaction.on_commit(self._remove_note, using=self.alias)

    def _remove_note(self):
        notes = self._notes()
        if notes is None:
            return
        with notes.locked() as noted:
            if noted is not None and not self._is_there():
                notes.remove()

    def take_over(self, rows):
        """Takes over what the real ``bkoauth`` wrote."""
        theirs = [row for row in rows if row.refresh_token]
        if not theirs:
            return
        if any(_mark(row).get("vault") for row in theirs):
            LOG.error(
                "another bkoauth has written the row of %s since: two programs that refresh one login end each other's tokens. Call "
                "tokenward.install_as_bkoauth() in every process of the site [TW0528]",
                self._who(),
            )
        told = [
            (row.pk, row.access_token, row.refresh_token, _seconds(row.expires), row.env_name, row.user_id) for row in theirs
        ]
        for number, fate in _engine.call(lambda: self.client.take_over(told, f"table {self.model._meta.db_table}")):
            LOG.info("row %s of %s: %s", number, self._who(), fate)

    def show(self, rows, token):
        """Writes what was handed out, if it is not there yet."""
        if rows is None:
            return _filled(self.model(), self.app, self.user, token, self._vault())
        row = next((row for row in rows if row.access_token == token.access_token), None)
        vault = self._vault()
        if row is not None and len(rows) == 1 and not row.refresh_token and _mark(row).get("vault") == vault:
            self._note(row)
            return row
        if self._is_being_written(token):
            return _filled(self.model(), self.app, self.user, token, vault)
        try:
            row = self._write(rows, token, vault)
        except IntegrityError:
            row = self._written_by_another(token)
        except DatabaseError as error:
            self._failed("written", error)
            row = None
        if row is None:
            return _filled(self.model(), self.app, self.user, token, vault)
        self._note(row)
        return row

    def _write(self, rows, token, vault):
        others = {_mark(row).get("vault") for row in rows} - {None, vault}
        if others:
            LOG.error(
                "another vault has handed out the token of %s in this database: hosts that share a database and not a vault refresh each "
                "on its own, and end each other's tokens. Let one host ask for tokens, or let all of them use one vault "
                "(TOKENWARD_HOME) [TW0529]",
                self._who(),
            )
        kept, rest = (rows[0], rows[1:]) if rows else (self.model(), [])
        _filled(kept, self.app, self.user, token, vault)
        with transaction.atomic(using=self.alias), _for_the_tables_sake():
            if rest:
                # Duplicates of one user are the real bkoauth's, and all but one are dead.
                self.model._default_manager.using(self.alias).filter(pk__in=[row.pk for row in rest]).delete()
            kept.save(using=self.alias)
        return kept

    def _is_being_written(self, token):
        """Whether a transaction that is under way has written this token: it would have to be waited for, as long as its view takes. Where this
        is a transaction too, others hear the same of it."""
        notes, in_transaction = self._notes(), connections[self.alias].in_atomic_block
        if notes is None:
            return False
        try:
            writing = notes.begin(token.access_token, says_so=in_transaction)
        except OSError:
            return False
        if writing is None:
            return True
        if in_transaction:
            # Held until it is committed; a rollback drops what was to be done then, and with it this.
            transaction.on_commit(writing.end, using=self.alias)
        return False

    def _written_by_another(self, token):
        """The row that another process wrote at this moment."""

        def look(rows):
            return [row for row in rows or [] if row.access_token == token.access_token]

        rows = look(self.read())
        if not rows and connections[self.alias].in_atomic_block:
            # A transaction that sees what was there when it began.
            rows = look(_elsewhere(self.read))
        if not rows:
            LOG.error("the token of %s stands in another user's row, so its own row was not written [TW0412]", self._who())
        return rows[0] if rows else None

    def _note(self, row):
        notes = self._notes()
        if notes is None or notes.is_noted(row.pk):
            return
        transaction.on_commit(lambda: notes.write(row.pk), using=self.alias)

    def _notes(self):
        try:
            return _notes.Notes(self.client.home, self.app.profile, self.app.environment, self.user, _place(self.alias))
        except OSError as error:
            LOG.warning("no notes can be kept beside the vault, so deleted rows are not noticed: %s", error.strerror)
            return None

    def _vault(self):
        try:
            return _notes.vault(self.client.home)
        except OSError as error:
            LOG.warning("the vault's number cannot be kept, so another vault is not noticed: %s", error.strerror)
            return None

    def _savepoint(self):
        if connections[self.alias].in_atomic_block:
            return transaction.atomic(using=self.alias)
        return contextlib.nullcontext()

    def _failed(self, what, error):
        LOG.warning(
            "the table %s could not be %s (%s); tokens are handed out all the same",
            self.model._meta.db_table,
            what,
            type(error).__name__,
        )

    def _who(self):
        return "the app" if self.user is None else f"the user {self.user!r}"


def _filled(row, app, user, token, vault):
    row.access_token = token.access_token
    row.expires = _moment(token.expires_at)
    row.refresh_token = ""
    row.scope = token.scope or ""
    row.env_name = app.environment
    row.user_id = user
    row.extra = json.dumps({"kept_by": "tokenward", "vault": vault}) if vault else None
    return row


def _mark(row):
    try:
        mark = json.loads(row.extra or "{}")
    except ValueError:
        return {}
    return mark if isinstance(mark, dict) and mark.get("kept_by") == "tokenward" else {}


def _moment(seconds):
    if settings.USE_TZ:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return datetime.datetime.fromtimestamp(seconds)


def _seconds(moment):
    return int(moment.timestamp()) if moment is not None else None


def _place(alias):
    given = connections[alias].settings_dict
    return [str(given.get(name, "")) for name in ("ENGINE", "HOST", "PORT", "NAME")]


def _package():
    return __name__.rpartition(".")[0]


def _elsewhere(work):
    """Runs it on a connection of its own, outside any transaction of this thread."""
    result = []

    def run():
        try:
            result.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name="bkoauth-table")
    thread.start()
    thread.join()
    if not result:
        raise TokenAPIError("whether the row was deleted could not be found out", code="TW0307", exit=4)
    return result[0]
