"""The tables that are moved, with columns whose values mean the same everywhere.

A row is a tuple of plain Python values, in the same form whichever database it comes
from: booleans, times in UTC, JSON as text, bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from django.apps import apps
from django.db import models

Row = tuple[Any, ...]

#: From here on a number of JSON is compared as a float: PostgreSQL spells it in full.
_EXACT_JSON = 10**16
_MODULUS = 1 << 128


class ColumnKind(Enum):
    BOOLEAN = "boolean"
    TIME = "time"
    JSON = "json"
    BYTES = "bytes"
    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"


@dataclass(frozen=True)
class Column:
    """`max_length` is of texts, in characters; `bits` of integers."""

    name: str
    kind: ColumnKind
    max_length: int | None = None
    bits: int = 64


@dataclass(frozen=True)
class Table:
    name: str
    key: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def positions(self, kind: ColumnKind) -> list[int]:
        return [n for n, column in enumerate(self.columns) if column.kind is kind]


_KINDS = {
    "BooleanField": ColumnKind.BOOLEAN,
    "DateTimeField": ColumnKind.TIME,
    "JSONField": ColumnKind.JSON,
    "BinaryField": ColumnKind.BYTES,
    "FloatField": ColumnKind.FLOAT,
    "CharField": ColumnKind.TEXT,
    "TextField": ColumnKind.TEXT,
}
#: What PostgreSQL stores in less than 64 bits.
_BITS = {
    "AutoField": 32,
    "IntegerField": 32,
    "PositiveIntegerField": 32,
    "PositiveSmallIntegerField": 16,
    "SmallIntegerField": 16,
}


def all_tables() -> list[Table]:
    """The tables of all models; the record of migrations is the target's own."""
    managed = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    ]
    return sorted(map(_describe_table, managed), key=lambda table: table.name)


def _describe_table(model: type[models.Model]) -> Table:
    key = model._meta.pk
    columns = tuple(_describe_column(field) for field in model._meta.concrete_fields)
    return Table(model._meta.db_table, str(key.column), columns)


def _describe_column(field: Any) -> Column:
    stored = field
    while stored.is_relation:
        stored = stored.target_field
    name = stored.get_internal_type()
    kind = _KINDS.get(name, ColumnKind.INTEGER)
    length = stored.max_length if name == "CharField" else None
    return Column(field.column, kind, length, _BITS.get(name, 64))


RowConverter = Callable[[Row], Row]


def converter_from_sqlite(table: Table) -> RowConverter:
    """Turns a row as SQLite stores it into its common form."""
    booleans = table.positions(ColumnKind.BOOLEAN)
    times = table.positions(ColumnKind.TIME)
    if not booleans and not times:
        return tuple

    def convert(row: Row) -> Row:
        values = list(row)
        for n in booleans:
            values[n] = None if values[n] is None else bool(values[n])
        for n in times:
            if values[n] is not None:
                values[n] = datetime.fromisoformat(values[n]).replace(tzinfo=UTC)
        return tuple(values)

    return convert


def converter_to_sqlite(table: Table) -> RowConverter:
    times = table.positions(ColumnKind.TIME)

    def convert(row: Row) -> Row:
        values = list(row)
        for n in times:
            if values[n] is not None:
                values[n] = str(values[n].astimezone(UTC).replace(tzinfo=None))
        return tuple(values)

    return convert


class TableDigest:
    """Count rows and hash their content, in whatever order they come.

    Only digests of the same process can be compared: the hash has its secret.
    """

    def __init__(self, table: Table) -> None:
        self.table = table.name
        self._json = table.positions(ColumnKind.JSON)
        self._times = table.positions(ColumnKind.TIME)
        self._encode = msgspec.msgpack.Encoder().encode
        self.rows = 0
        self._sum = 0

    def add(self, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        if self._json or self._times:
            rows = list(map(self._with_canonical_json, rows))
        self._sum = (self._sum + sum(map(hash, map(self._encode, rows)))) % _MODULUS

    def _with_canonical_json(self, row: Row) -> Row:
        values = list(row)
        for n in self._json:
            if values[n] is not None:
                values[n] = canonical_json(values[n])
        for n in self._times:
            if values[n] is not None:
                values[n] = values[n].astimezone(UTC)
        return tuple(values)

    @property
    def value(self) -> tuple[int, str]:
        return self.rows, f"{self._sum:032x}"


def canonical_json(text: str) -> str:
    """The same text for the same value: jsonb sorts keys and rewrites numbers."""
    return json.dumps(_canonical_value(json.loads(text)), sort_keys=True)


def _canonical_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical_value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_canonical_value(one) for one in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) >= _EXACT_JSON else value


def quote_names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
