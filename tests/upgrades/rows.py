"""All rows of a database, read without Django, in a form that JSON can keep."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import psycopg
from psycopg import sql

#: Tables that hold no data of people: a migration may fill or rebuild them as it likes.
DERIVED = ("django_", "sqlite_", "auth_", "runs_searchindex")


class Table(TypedDict):
    """`rows` are sorted by their text, so that two readings can be compared."""

    columns: list[str]
    rows: list[list[Any]]


Tables = dict[str, Table]


def read_sqlite(path: Path) -> Tables:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        found = {}
        for (name,) in names.fetchall():
            if not name.startswith(DERIVED):
                cursor = connection.execute(f'SELECT * FROM "{name}"')
                columns = [column[0] for column in cursor.description]
                found[name] = _table(columns, cursor.fetchall())
        return found


def read_postgres(address: str) -> Tables:
    with psycopg.connect(address) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        found = {}
        for (name,) in names.fetchall():
            if not name.startswith(DERIVED):
                query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))
                cursor = connection.execute(query)
                assert cursor.description is not None
                columns = [column.name for column in cursor.description]
                found[name] = _table(columns, cursor.fetchall())
        return found


def _table(columns: list[str], rows: Iterable[Iterable[Any]]) -> Table:
    plain = [[_plain(value) for value in row] for row in rows]
    return {"columns": columns, "rows": sorted(plain, key=json.dumps)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value[:1] in ("{", "["):
        # SQLite keeps JSON as text, in which spaces and the order of names may differ.
        with contextlib.suppress(ValueError):
            return json.loads(value)
    if isinstance(value, float):
        # NaN is no JSON, and a float's text is exact.
        return {"float": repr(value)}
    return value


def differences(before: Tables, after: Tables, dropped: frozenset[str]) -> list[str]:
    """What of `before` is not in `after`; tables and columns in `dropped` may go.

    `dropped` has names such as `runs_run` and `runs_run.color`.
    """
    found: list[str] = []
    for name, table in before.items():
        if name in dropped:
            continue
        if name not in after:
            found.append(f"{name}: the table is gone")
            continue
        found += _row_differences(name, table, after[name], dropped)
    return found


def _row_differences(
    name: str, before: Table, after: Table, dropped: frozenset[str]
) -> list[str]:
    kept = [column for column in before["columns"] if f"{name}.{column}" not in dropped]
    gone = sorted(set(kept) - set(after["columns"]))
    if gone:
        return [f"{name}: columns are gone: {', '.join(gone)}"]
    old, new = _select(before, kept), _select(after, kept)
    lost = sorted(set(old) - set(new))
    return [f"{name}: lost or changed: {row}" for row in lost]


def _select(table: Table, columns: list[str]) -> list[str]:
    places = [table["columns"].index(column) for column in columns]
    rows = ([row[place] for place in places] for row in table["rows"])
    return [json.dumps(row, sort_keys=True) for row in rows]
