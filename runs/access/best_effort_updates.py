"""What is noted beside a request: it must neither delay the answer nor spoil it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

#: How long another writer is waited for; one that is at work needs less.
MAX_WAIT_MS = 20


def update_if_idle(rows: QuerySet[Any], **values: object) -> None:
    """Update `rows` if that can be done at once; the next request tries again."""
    impatient = (
        _short_postgres_wait
        if connection.vendor == "postgresql"
        else _short_sqlite_wait
    )
    try:
        with impatient():
            rows.update(**values)
    except OperationalError:
        # A busy or full database is no reason to refuse a reader.
        return


@contextmanager
def _short_sqlite_wait() -> Iterator[None]:
    with connection.cursor() as cursor:
        [usual] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {MAX_WAIT_MS}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


@contextmanager
def _short_postgres_wait() -> Iterator[None]:
    """The limit ends with the transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {MAX_WAIT_MS}")
        yield
