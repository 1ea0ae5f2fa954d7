"""What SQLite holds and PostgreSQL cannot: found before anything is changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.management.move.columns import Column, ColumnKind, Table

#: Escapes of JSON that PostgreSQL may refuse; most that are found are harmless.
_SUSPECT = ("\\u0000", "\\ud", "\\uD")


def refuse_unstorable(database: BaseDatabaseWrapper, tables: Iterable[Table]) -> None:
    """For a SQLite database. Raises CommandError, which names the row."""
    with database.cursor() as cursor:
        for table in tables:
            for column in table.columns:
                for key, problem in _find_unstorable_values(cursor, table, column):
                    raise CommandError(
                        f"PostgreSQL can't store {table.name}.{column.name} of the row "
                        f"with {table.key} = {key}: it {problem}. Nothing was moved. "
                        "Change or delete that row, then run the command again."
                    )


def _find_unstorable_values(
    cursor: Any, table: Table, column: Column
) -> Iterator[tuple[object, str]]:
    for condition, problem in _unstorable_conditions(column):
        cursor.execute(
            f'SELECT "{table.key}" FROM "{table.name}" WHERE {condition} LIMIT 1'
        )
        if row := cursor.fetchone():
            yield row[0], problem
    if column.kind is ColumnKind.JSON:
        yield from _json_problems(cursor, table, column)


def _unstorable_conditions(column: Column) -> Iterator[tuple[str, str]]:
    name = f'"{column.name}"'
    if column.kind is ColumnKind.TEXT:
        # In SQLite, functions of text can stop at a NUL, and those of blobs do not.
        yield f"instr(CAST({name} AS BLOB), x'00') > 0", "contains a NUL character"
        if column.max_length:
            limit = column.max_length
            yield f"length({name}) > {limit}", f"is longer than {limit} characters"
    if column.kind is ColumnKind.INTEGER:
        # SQLite stores values of any type in any column.
        yield f"typeof({name}) NOT IN ('integer', 'null')", "is not an integer"
        if column.bits < 64:
            most = 2 ** (column.bits - 1)
            yield f"{name} >= {most} OR {name} < -{most}", "is too large"
    if column.kind is ColumnKind.FLOAT:
        yield f"typeof({name}) NOT IN ('real', 'integer', 'null')", "is not a number"


def _json_problems(
    cursor: Any, table: Table, column: Column
) -> Iterator[tuple[object, str]]:
    name = f'"{column.name}"'
    found = " OR ".join(f"instr({name}, '{escape}') > 0" for escape in _SUSPECT)
    cursor.execute(f'SELECT "{table.key}", {name} FROM "{table.name}" WHERE {found}')
    for key, text in cursor:
        if not _is_storable(json.loads(text)):
            yield key, "contains a NUL character or half a surrogate pair in its JSON"


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return all(_is_storable(k) and _is_storable(v) for k, v in value.items())
    return not isinstance(value, list) or all(map(_is_storable, value))
