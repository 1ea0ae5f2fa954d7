"""Updates that a request can do without, such as when a token was last used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

#: How long an update waits for another writer, in milliseconds.
MAX_WAIT_MS = 20


def update_if_idle(rows: QuerySet[Any], **values: object) -> None:
    """Update `rows` if no other writer holds them; otherwise do nothing.

    The response is neither delayed nor spoiled, and the next request tries again.
    """
    short_wait = (
        _short_postgres_wait
        if connection.vendor == "postgresql"
        else _short_sqlite_wait
    )
    try:
        with short_wait():
            rows.update(**values)
    except OperationalError:
        # A busy or full database must not fail a request that only reads.
        return


@contextmanager
def _short_sqlite_wait() -> Iterator[None]:
    with connection.cursor() as cursor:
        [usual_ms] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {MAX_WAIT_MS}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")


@contextmanager
def _short_postgres_wait() -> Iterator[None]:
    """Limit the wait for locks.

    The limit ends with the transaction, and without a savepoint's the caller's next
    writes would have it, too.
    """
    is_within = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        setting = "set_config('lock_timeout', %s, true)"
        cursor.execute(
            f"SELECT current_setting('lock_timeout'), {setting}", [f"{MAX_WAIT_MS}ms"]
        )
        usual, _short = cursor.fetchone()
        yield
        if is_within:
            cursor.execute(f"SELECT {setting}", [usual])
