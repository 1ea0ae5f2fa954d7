"""Reading queries stop after five seconds, with an error that says what to do."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from studio.core.errors import QueryTimeout

QUERY_SECONDS = 5.0
#: PostgreSQL's code of a statement that was stopped.
_QUERY_CANCELED = "57014"
#: SQLite asks after so many steps of its machine: every few milliseconds.
_STEPS_PER_CHECK = 20_000


@contextmanager
def time_limit(seconds: float = QUERY_SECONDS) -> Iterator[None]:
    """Stop the queries inside after `seconds` in all; raises QueryTimeout."""
    limit = _postgres if connection.vendor == "postgresql" else _sqlite
    try:
        with limit(seconds):
            yield
    except OperationalError as error:
        if not _is_timeout(error):
            raise
        raise QueryTimeout(
            _(
                "This query took longer than %(seconds)s seconds. "
                "Narrow it: add an experiment, a status or a shorter "
                "time, or sort by submitted time."
            )
            % {"seconds": f"{seconds:g}"}
        ) from error


def _is_timeout(error: OperationalError) -> bool:
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) == _QUERY_CANCELED:
        return "statement timeout" in str(cause)
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


@contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw = connection.connection
    end = time.monotonic() + seconds
    raw.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS_PER_CHECK)
    try:
        yield
    finally:
        raw.set_progress_handler(None, _STEPS_PER_CHECK)


@contextmanager
def _postgres(seconds: float) -> Iterator[None]:
    """The limit is per statement here; it ends with the transaction at the latest."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {round(seconds * 1000)}")
        yield
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
