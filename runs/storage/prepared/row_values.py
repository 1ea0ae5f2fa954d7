"""UPDATE statements that give each row values of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from runs.storage.prepared.django_internals import execute
from runs.storage.prepared.statements import current_connection
from studio.core.batches import batches

#: Rows of one statement; it can have about thirty thousand values.
MAX_ROWS = 500


class PreparedRowValues:
    """An UPDATE of rows by their keys: `PreparedRowValues(Run, "name")`.

    Django's `bulk_update` builds an expression for each value, which takes ten times
    longer than the database takes for the rows. Values are sent unconverted.
    """

    def __init__(self, model: type[models.Model], *names: str) -> None:
        self._table = model._meta.db_table
        known = {field.name: field for field in model._meta.concrete_fields}
        self._fields = [model._meta.pk, *(known[name] for name in names)]
        self._sql: dict[int, str] = {}

    def __call__(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, which are given as their key and the values."""
        for some in batches(rows, MAX_ROWS):
            values = [value for row in some for value in row]
            execute(current_connection(), self._update_sql(len(some)), values)

    def _update_sql(self, rows: int) -> str:
        if rows not in self._sql:
            # Both databases name the columns of VALUES by their position.
            changed = ", ".join(
                f'"{field.column}" = given.column{at}'
                for at, field in enumerate(self._fields[1:], 2)
            )
            plain = f"({', '.join(['%s'] * len(self._fields))})"
            lists = ", ".join([self._first_row(), *[plain] * (rows - 1)])
            self._sql[rows] = (
                f'UPDATE "{self._table}" SET {changed} FROM (VALUES {lists}) AS given '
                f'WHERE "{self._table}"."{self._fields[0].column}" = given.column1'
            )
        return self._sql[rows]

    def _first_row(self) -> str:
        """PostgreSQL takes the types of all rows from the first one."""
        connection = current_connection()
        if connection.vendor != "postgresql":
            return f"({', '.join(['%s'] * len(self._fields))})"
        kinds = [field.cast_db_type(connection) for field in self._fields]
        return f"({', '.join(f'CAST(%s AS {kind})' for kind in kinds)})"
