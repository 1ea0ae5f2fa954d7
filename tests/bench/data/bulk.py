"""Millions of rows at once, into either database, below Django.

Indexes that are not a constraint's, and triggers, are dropped before and made again
after; what triggers keep is then for the caller to fill.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Protocol

import psycopg
from django.db import connection

from runs.models.functions import register_functions
from tests.bench.data.rows import Table

#: Their key is another table's.
NUMBERED_BY_OTHERS = ("runs_searchtext",)


class Writer(Protocol):
    def write(self, tables: Iterable[Table]) -> None:
        """Put the tables' rows into the database and empty the tables."""

    def finish(self) -> None:
        """Everything that bulk writing left out: indexes, counters, commit."""


class SqliteWriter:
    """One connection that gives up safety: who is interrupted seeds again."""

    def __init__(self, path: str, tables: Iterable[str]) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None)
        register_functions(self.raw)
        for pragma in (
            "journal_mode=OFF",
            "synchronous=OFF",
            "locking_mode=EXCLUSIVE",
            "cache_size=-1000000",
        ):
            self.raw.execute(f"PRAGMA {pragma}")
        self.dropped = [
            found
            for table in tables
            for found in self.raw.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? "
                "AND type IN ('index', 'trigger') AND sql IS NOT NULL",
                [table],
            )
        ]
        for kind, name, _ in self.dropped:
            self.raw.execute(f'DROP {kind} "{name}"')
        self.raw.execute("BEGIN")

    def write(self, tables: Iterable[Table]) -> None:
        for table in tables:
            columns = ", ".join(f'"{name}"' for name in table.columns)
            marks = ", ".join("?" * len(table.columns))
            self.raw.executemany(
                f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', table.rows
            )
            table.rows.clear()

    def finish(self) -> None:
        self.raw.execute("COMMIT")
        for *_, sql in self.dropped:
            self.raw.execute(sql)
        self.raw.execute("PRAGMA journal_mode=WAL")
        self.raw.close()


class PostgresWriter:
    """COPY, with triggers and foreign keys off where the role may."""

    def __init__(self, tables: Iterable[str]) -> None:
        connection.ensure_connection()
        self.raw: psycopg.Connection[Any] = connection.connection
        self.tables = list(tables)
        connection.set_autocommit(False)
        self.run("SET LOCAL session_replication_role = replica")
        self.indexes = self.raw.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) "
            "FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid "
            "WHERE indrelid::regclass::text = ANY(%s) AND pg_constraint.oid IS NULL",
            [self.tables],
        ).fetchall()
        for name, _ in self.indexes:
            self.run(f"DROP INDEX {name}")

    def run(self, sql: str) -> None:
        self.raw.execute(sql.encode())

    def write(self, tables: Iterable[Table]) -> None:
        for table in tables:
            columns = ", ".join(f'"{name}"' for name in table.columns)
            sql = f'COPY "{table.name}" ({columns}) FROM STDIN'
            with self.raw.cursor().copy(sql.encode()) as copy:
                for row in table.rows:
                    copy.write_row(row)
            table.rows.clear()

    def finish(self) -> None:
        self.run("SET LOCAL maintenance_work_mem = '256MB'")
        for _, sql in self.indexes:
            self.run(sql)
        for table in self.tables:
            if table in NUMBERED_BY_OTHERS:
                continue
            self.run(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), "
                f'greatest(1, (SELECT max(id) FROM "{table}")))'
            )
        connection.commit()
        connection.set_autocommit(True)


def writer(tables: Iterable[str]) -> Writer:
    if connection.vendor == "postgresql":
        return PostgresWriter(tables)
    path = str(connection.settings_dict["NAME"])
    connection.close()
    return SqliteWriter(path, tables)
