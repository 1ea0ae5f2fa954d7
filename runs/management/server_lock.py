"""One running server at a time over a database.

On PostgreSQL the server holds an advisory lock on a connection of its own, which
PostgreSQL drops with the server's process. On SQLite the folder of the real file is
locked, because the file in the home can be a link into another home.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, connection

from runs.management import home
from runs.management.identity import read_home_identity
from runs.management.read_only_database import describe_database, error_in_one_line

if TYPE_CHECKING:
    import psycopg

#: "Run Studio" as two numbers; advisory locks are per database.
ADVISORY_LOCK = (0x52756E, 0x53747564)
#: A server that was just killed may hold its lock a moment longer.
MAX_WAIT_SECONDS = 2.0
CHECK_SECONDS = 3.0
#: PostgreSQL's limit for the name of a connection, in bytes.
MAX_NAME_BYTES = 63

# PostgreSQL marks advisory locks of two numbers with `objsubid` 2.
_HOLDER = """
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
AND l.classid = %s AND l.objid = %s
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def lock_external_sqlite_folder(folder: Path, *, only_check: bool = False) -> None:
    """Lock the folder of a SQLite file that is stored in another one."""
    real = external_sqlite_folder(folder)
    if real is None:
        return
    try:
        if not only_check:
            home.lock_folder(real)
        elif home.is_served(real):
            raise CommandError(f"Another server is using {real}.")
    except CommandError as error:
        raise CommandError(
            f"{describe_database()} is a link to a file in {real}. {error}"
        ) from error


def external_sqlite_folder(folder: Path) -> Path | None:
    if connection.vendor != "sqlite":
        return None
    real = Path(str(connection.settings_dict["NAME"])).resolve().parent
    return None if real == folder.resolve() else real


class PostgresServerLock:
    """The advisory lock, for as long as the object is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The driver is an extra: only a PostgreSQL connection imports it.
        self._driver: Any = connection.Database  # type: ignore[attr-defined]
        self.name = session_name(folder)
        self._session: psycopg.Connection[Any] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Raises CommandError where another server holds it, or PostgreSQL is away."""
        try:
            holder = self._take_lock(time.monotonic() + MAX_WAIT_SECONDS)
        except self._driver.Error as error:
            raise CommandError(
                f"The database {describe_database()} cannot be used: "
                f"{error_in_one_line(error)}"
            ) from error
        if holder is not None:
            raise CommandError(
                f"The database {describe_database()} is in use by another running "
                f"server ({holder}). Stop that server, or set DATABASE_URL to another "
                "database."
            )

    def watch(self, lost: Callable[[str], object]) -> None:
        """Check the lock every few seconds; `lost` gets a sentence once it is gone."""
        self._thread = threading.Thread(
            target=self._watch_connection, args=(lost,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(CHECK_SECONDS)
        self._end_session()

    def _watch_connection(self, lost: Callable[[str], object]) -> None:
        while not self._stop.wait(CHECK_SECONDS):
            try:
                holder = self._retake_if_lost()
            except self._driver.Error:
                # PostgreSQL is away: no server can write; the next check tries again.
                self._end_session()
                continue
            if holder is not None:
                lost(
                    f"The connection to {describe_database()} was lost, and another "
                    f"server ({holder}) now uses the database. This server stops."
                )
                return

    def _retake_if_lost(self) -> str | None:
        if self._session is not None:
            # PostgreSQL keeps the lock for as long as the session lives.
            self._session.execute("SELECT 1")
            return None
        holder = self._take_lock(time.monotonic() + MAX_WAIT_SECONDS)
        return self._find_adopting_home() if holder is None else holder

    def _find_adopting_home(self) -> str | None:
        """Who adopted the database and stopped again while the lock was free."""
        assert self._session is not None
        found = self._session.execute("SELECT identity FROM runs_studioidentity")
        row = found.fetchone()
        is_ours = row is not None and row[0].strip() == read_home_identity(self.folder)
        return None if is_ours else "with another home folder"

    def _take_lock(self, end: float) -> str | None:
        """Take the lock; returns who holds it if that is still another one at `end`."""
        while True:
            self._session = self._session or self._connect()
            found = self._session.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", ADVISORY_LOCK
            )
            row = found.fetchone()
            if row and row[0]:
                return None
            if time.monotonic() > end:
                return self._read_lock_holder(self._session)
            self._end_own_old_sessions(self._session)
            self._stop.wait(0.2)

    def _connect(self) -> psycopg.Connection[Any]:
        params = connection.get_connection_params()
        options = params.get("options", "")
        # The server notices a machine that vanished, and frees its lock.
        alive = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"
        params["options"] = f"{options} {alive} -c tcp_keepalives_count=3".strip()
        params["application_name"] = self.name
        session: psycopg.Connection[Any] = self._driver.connect(
            autocommit=True, **params
        )
        return session

    def _read_lock_holder(self, session: psycopg.Connection[Any]) -> str:
        row = session.execute(_HOLDER, ADVISORY_LOCK).fetchone()
        return (str(row[0]).partition(" ")[2] if row else "") or "unknown"

    def _end_own_old_sessions(self, session: psycopg.Connection[Any]) -> None:
        """End this very process's older session, which a broken network left."""
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND pid != pg_backend_pid()",
            (self.name,),
        )

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


@contextmanager
def explained_connection_loss() -> Iterator[None]:
    """Raise CommandError where PostgreSQL goes away during the block."""
    try:
        yield
    except (InterfaceError, OperationalError) as error:
        if connection.vendor != "postgresql":
            raise
        raise CommandError(
            f"The connection to {describe_database()} was lost: "
            f"{error_in_one_line(error)}. Start the server again when the database "
            "can be reached."
        ) from error


def session_name(folder: Path) -> str:
    """Unique for this process, then what a refusal shows: the folder and machine."""
    machine = socket.gethostname()[:15]
    token = f"studio-{os.urandom(4).hex()} "
    left = MAX_NAME_BYTES - len(f"{token} on {machine}")
    path = str(folder).encode("ascii", "replace").decode()
    shown = path if len(path) <= left else f"...{path[3 - left :]}"
    return f"{token}{shown} on {machine}"


def create_server_lock(folder: Path) -> PostgresServerLock | None:
    """The lock of this database; None on SQLite, whose folder is locked."""
    return PostgresServerLock(folder) if connection.vendor == "postgresql" else None
