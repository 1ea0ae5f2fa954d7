"""INSERT statements that are compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic

from django.db import DEFAULT_DB_ALIAS, models

from runs.storage.prepared.django_internals import (
    execute,
    fetch_all,
    inserted_fields,
)
from runs.storage.prepared.statements import Row, current_connection
from studio.core.batches import batches

#: Rows of one INSERT; a statement can have about thirty thousand values.
MAX_ROWS = 500


class PreparedInsert(Generic[Row]):
    """An INSERT of objects; only `insert_one` sets the object's key.

    `unique` names columns that are unique together: an existing row with the same
    values gets the new values of `update`, or stays unchanged.
    """

    def __init__(
        self,
        model: type[Row],
        *,
        unique: Sequence[str] = (),
        update: Sequence[str] = (),
    ) -> None:
        self._key = model._meta.pk.column
        # The database assigns automatic keys; a key that refers to another row is sent.
        fields = inserted_fields(model)
        self._columns = [(f.attname, None if _is_plain(f) else f) for f in fields]
        columns = [f'"{field.column}"' for field in fields]
        self._into = (
            f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)}) VALUES '
        )
        self._row_sql = f"({', '.join(['%s'] * len(columns))})"
        self._conflict = ""
        self._sql: dict[int, str] = {}
        column = {field.name: field.column for field in fields}
        if unique:
            at = ", ".join(f'"{column[name]}"' for name in unique)
            to = ", ".join(f'"{c}" = EXCLUDED."{c}"' for c in map(column.get, update))
            then = f"UPDATE SET {to}" if to else "NOTHING"
            self._conflict = f" ON CONFLICT ({at}) DO {then}"

    def __call__(self, objects: Sequence[Row]) -> None:
        database = current_connection()
        # One statement for many rows: a full database rejects it as a whole.
        for rows in batches(objects, MAX_ROWS):
            values = [v for one in rows for v in self._row_values(one, database)]
            execute(database, self._insert_sql(len(rows)), values)

    def write(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows given as tuples, without an object for each.

        `names` are the attributes that a tuple has, with `_id` for references; the
        other columns are null.
        """
        database = current_connection()
        places = {name: at for at, name in enumerate(names)}
        columns = [(places.get(name), field) for name, field in self._columns]
        for some in batches(rows, MAX_ROWS):
            # By identity: many rows have the same values, such as a tag's.
            known: dict[tuple[int, int], Any] = {}
            values = [
                None
                if at is None
                else row[at]
                if field is None
                else known[at, id(row[at])]
                if (at, id(row[at])) in known
                else known.setdefault(
                    (at, id(row[at])), field.get_db_prep_save(row[at], database)
                )
                for row in some
                for at, field in columns
            ]
            execute(database, self._insert_sql(len(some)), values)

    def insert_one(self, row: Row) -> Row:
        """Insert a new row and set the object's key."""
        database = current_connection()
        sql, values = self._insert_sql(1), self._row_values(row, database)
        # SQLite's driver always has the new key, and PostgreSQL returns it on request.
        if database.vendor == "postgresql":
            returning = f'{sql} RETURNING "{self._key}"'
            [[row.pk]] = fetch_all(database, returning, values)
        else:
            row.pk = execute(database, sql, values).lastrowid
        # Django looks at both to validate the object and to follow its relations.
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        return row

    def _insert_sql(self, rows: int) -> str:
        # Kept: converting and preparing a statement begins with its known text.
        if rows not in self._sql:
            rows_sql = ", ".join([self._row_sql] * rows)
            self._sql[rows] = f"{self._into}{rows_sql}{self._conflict}"
        return self._sql[rows]

    def _row_values(self, one: Row, database: Any) -> list[Any]:
        return [
            getattr(one, name)
            if field is None
            else field.get_db_prep_save(getattr(one, name), database)
            for name, field in self._columns
        ]


def _is_plain(field: Any) -> bool:
    """Whether the field's values are sent as they are."""
    return isinstance(
        field,
        models.IntegerField
        | models.FloatField
        | models.BooleanField
        | models.CharField
        | models.TextField
        | models.BinaryField
        | models.ForeignKey,
    )
