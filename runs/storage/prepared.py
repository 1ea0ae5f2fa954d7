"""Statements that are compiled once: for what every request of a script asks.

Building a query and compiling it costs Django many times what the database needs to
answer it. A prepared one is written as any other, by a function whose arguments stand
for values to come; the SQL that Django makes of it is kept, and each use sends that
SQL with its values: texts, numbers, bytes, as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import DeleteQuery, UpdateQuery

Row = TypeVar("Row", bound=Model)
Shape = tuple[int | None, ...]


class Slot(Expression):
    """Where a value comes in: its place among the values of a use."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


@dataclass(frozen=True)
class _Statement:
    sql: str
    params: tuple[Any, ...]

    def sent(self, values: Sequence[Any]) -> list[Any]:
        return [values[p.place] if isinstance(p, Slot) else p for p in self.params]

    def run(self, cursor: Any, values: Sequence[Any]) -> None:
        cursor.execute(self.sql, self.sent(values))


class _Reader:
    """How rows become objects: as the queryset's own iterator makes them."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        self._compiler = compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        self._statement = _Statement(sql, tuple(params))
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        self._converters = compiler.get_converters(columns)
        self._tuples = rows._fields is not None  # type: ignore[attr-defined]
        if not self._tuples:
            self._read_objects(rows.model)

    def _read_objects(self, model: type[Model]) -> None:
        select, info = self._compiler.select, self._compiler.klass_info
        at = info["select_fields"]
        self._model = model
        self._first, self._last = at[0], at[-1] + 1
        own = select[self._first : self._last]
        self._names = [column[0].target.attname for column in own]
        self._related: list[Any] = get_related_populators(  # type: ignore[call-arg]
            info, select, connection.alias
        )

    def __call__(self, values: Sequence[Any]) -> Iterator[Any]:
        with connection.cursor() as cursor:
            self._statement.run(cursor, values)
            rows = cursor.fetchall()
        if self._converters:
            rows = self._compiler.apply_converters(rows, self._converters)
        return iter(map(tuple, rows)) if self._tuples else map(self._object, rows)

    def _object(self, row: Sequence[Any]) -> Any:
        fields = row[self._first : self._last]
        found = self._model.from_db(connection.alias, self._names, fields)
        for populator in self._related:
            populator.populate(row, found)
        return found


class _Select:
    """Knows the statements of a SELECT, one for each shape of its arguments."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._known: dict[tuple[str, Shape], _Reader] = {}

    def _read(self, given: Sequence[Any]) -> Iterator[Any]:
        shape, values = _flat(given)
        if 0 in shape:
            return iter(())
        key = connection.vendor, shape
        if key not in self._known:
            self._known[key] = _Reader(self._build(*_slots(shape)))
        return self._known[key](values)


class Prepared(_Select, Generic[Row]):
    """A SELECT of objects: `Prepared(lambda owner: Thing.objects.filter(owner=owner))`.

    For an argument that takes several values (`name__in=names`) a few lengths are
    compiled, and shorter lists are filled with their last value.
    """

    def __init__(self, build: Callable[..., QuerySet[Row, Row]]) -> None:
        super().__init__(build)

    def all(self, *given: Any) -> list[Row]:
        return list(self._read(given))

    def first(self, *given: Any) -> Row | None:
        return next(self._read(given), None)


class PreparedRows(_Select):
    """A SELECT of columns: a queryset that ends with `values_list`."""

    def all(self, *given: Any) -> list[tuple[Any, ...]]:
        return list(self._read(given))


class _Change:
    """Knows the statements of a change, one for each shape of its arguments."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._known: dict[tuple[str, Shape], _Statement] = {}

    def __call__(self, *given: Any) -> int:
        """Returns how many rows were changed."""
        shape, values = _flat(given)
        with connection.cursor() as cursor:
            self._statement(shape).run(cursor, values)
            return int(cursor.rowcount)

    def each(self, uses: Sequence[Sequence[Any]]) -> None:
        """The same once for each row of values, none of which is a sequence."""
        if uses:
            statement = self._statement((None,) * len(uses[0]))
            with connection.cursor() as cursor:
                cursor.executemany(statement.sql, [statement.sent(one) for one in uses])

    def _statement(self, shape: Shape) -> _Statement:
        key = connection.vendor, shape
        if key not in self._known:
            query = self._query(self._build(*_slots(shape)))
            sql, params = query.get_compiler(connection=connection).as_sql()
            self._known[key] = _Statement(sql, tuple(params))
        return self._known[key]

    def _query(self, built: Any) -> Any:
        raise NotImplementedError


class PreparedUpdate(_Change):
    """An UPDATE, by a function that returns a queryset and its new values."""

    def __init__(
        self, build: Callable[..., tuple[QuerySet[Any, Any], dict[str, Any]]]
    ) -> None:
        super().__init__(build)

    def _query(self, built: Any) -> Any:
        rows, changes = built
        query = rows.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return query


class PreparedDelete(_Change):
    """A DELETE of rows that nothing refers to, by a function that returns them."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        super().__init__(build)

    def _query(self, built: Any) -> Any:
        return built.query.chain(DeleteQuery)


class PreparedInsert(Generic[Row]):
    """An INSERT of objects; only `one` learns its key by it.

    With `unique`, columns that are unique together, a row that is there already takes
    the new values of `update`, or stays as it is.
    """

    def __init__(
        self,
        model: type[Row],
        *,
        unique: Sequence[str] = (),
        update: Sequence[str] = (),
    ) -> None:
        self._key = model._meta.pk.column
        self._fields = [f for f in model._meta.concrete_fields if not f.primary_key]
        columns = [f'"{field.column}"' for field in self._fields]
        marks = ", ".join(["%s"] * len(columns))
        self._sql = (
            f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)}) '
            f"VALUES ({marks})"
        )
        column = {field.name: field.column for field in self._fields}
        if unique:
            at = ", ".join(f'"{column[name]}"' for name in unique)
            to = ", ".join(f'"{c}" = EXCLUDED."{c}"' for c in map(column.get, update))
            self._sql += f" ON CONFLICT ({at}) DO " + (
                f"UPDATE SET {to}" if to else "NOTHING"
            )

    def __call__(self, objects: Sequence[Row]) -> None:
        rows = [self._values(one) for one in objects]
        with connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(self._sql, rows[0])
            elif rows:
                cursor.executemany(self._sql, rows)

    def one(self, row: Row) -> Row:
        """Insert a row that is new, and give the object its key."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                sql = f'{self._sql} RETURNING "{self._key}"'
                cursor.execute(sql, self._values(row))
                [row.pk] = cursor.fetchone()
            else:
                cursor.execute(self._sql, self._values(row))
                row.pk = cursor.lastrowid
        row._state.adding, row._state.db = False, connection.alias
        return row

    def _values(self, one: Row) -> list[Any]:
        return [
            field.get_db_prep_save(getattr(one, field.attname), connection)
            for field in self._fields
        ]


def _flat(given: Sequence[Any]) -> tuple[Shape, list[Any]]:
    """The values one after another, and for each argument whether it had several."""
    shape: list[int | None] = []
    values: list[Any] = []
    for one in given:
        if not isinstance(one, list | tuple):
            shape.append(None)
            values.append(one)
            continue
        # Powers of two: few statements, whatever the lengths.
        length = 1 << (len(one) - 1).bit_length() if one else 0
        shape.append(length)
        values.extend(one)
        values.extend(one[-1:] * (length - len(one)))
    return tuple(shape), values


def _slots(shape: Shape) -> list[Any]:
    slots: list[Any] = []
    place = 0
    for length in shape:
        if length is None:
            slots.append(Slot(place))
        else:
            slots.append([Slot(place + index) for index in range(length)])
        place += 1 if length is None else length
    return slots
