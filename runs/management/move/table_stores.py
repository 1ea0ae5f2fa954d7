"""Read and write whole tables of a database in their common form."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from runs.management.move.columns import (
    ColumnKind,
    Row,
    Table,
    converter_from_sqlite,
    converter_to_sqlite,
    quote_names,
)

FETCHED_ROWS = 5_000


Batch = Sequence[Row]


class TableStore(Protocol):
    """The tables of one database; the caller holds its transaction."""

    def count(self, table: Table) -> int: ...

    def read(self, table: Table) -> Iterator[Batch]: ...

    def write(self, table: Table, batches: Iterable[Batch]) -> None: ...


def store_of(database: BaseDatabaseWrapper) -> TableStore:
    is_sqlite = database.vendor == "sqlite"
    return SqliteTables(database) if is_sqlite else PostgresTables(database)


def _count_rows(database: BaseDatabaseWrapper, table: Table) -> int:
    with database.cursor() as cursor:
        cursor.execute(f'SELECT COUNT(*) FROM "{table.name}"')
        return int(cursor.fetchone()[0])


class SqliteTables:
    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self._database = database

    def count(self, table: Table) -> int:
        return _count_rows(self._database, table)

    def read(self, table: Table) -> Iterator[Batch]:
        # The sign hides the column's type, by which Django's connection converts.
        raw: Any = self._database.connection
        with contextlib.closing(raw.cursor()) as cursor:
            names = ", ".join(f'+"{name}"' for name in table.names)
            cursor.execute(f'SELECT {names} FROM "{table.name}"')
            convert = converter_from_sqlite(table)
            while rows := cursor.fetchmany(FETCHED_ROWS):
                yield list(map(convert, rows))

    def write(self, table: Table, batches: Iterable[Batch]) -> None:
        marks = ", ".join("?" * len(table.columns))
        insert = (
            f'INSERT INTO "{table.name}" ({quote_names(table.names)}) VALUES ({marks})'
        )
        raw: Any = self._database.connection
        convert = converter_to_sqlite(table)
        with contextlib.closing(raw.cursor()) as cursor:
            for rows in batches:
                cursor.executemany(insert, map(convert, rows))


class PostgresTables:
    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self._database = database

    def count(self, table: Table) -> int:
        return _count_rows(self._database, table)

    def read(self, table: Table) -> Iterator[Batch]:
        # JSON as its text, so that no value of it is read and written again.
        names = ", ".join(
            f'"{column.name}"::text'
            if column.kind is ColumnKind.JSON
            else f'"{column.name}"'
            for column in table.columns
        )
        raw: Any = self._database.connection
        # A named cursor stays on the server, so that a table need not fit into memory.
        with raw.cursor(name="moved_rows") as cursor:
            cursor.itersize = FETCHED_ROWS
            cursor.execute(f'SELECT {names} FROM "{table.name}"')
            while rows := cursor.fetchmany(FETCHED_ROWS):
                yield rows

    def write(self, table: Table, batches: Iterable[Batch]) -> None:
        raw: Any = self._database.connection
        copy = f'COPY "{table.name}" ({quote_names(table.names)}) FROM STDIN'
        with raw.cursor() as cursor, cursor.copy(copy) as target:
            for row in chain.from_iterable(batches):
                target.write_row(row)
