"""SQL statements that are compiled once and used by every request of a script.

Django takes many times longer to build and compile a query than the database takes to
answer it. A prepared query is written as any other, by a function whose arguments are
placeholders. The SQL that Django compiles is kept, and each use sends it with its
values: texts, numbers and bytes, unconverted. It uses private parts of Django's
compiler; `tests/storage/test_prepared.py` checks them with the installed version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import DeleteQuery, UpdateQuery

Row = TypeVar("Row", bound=Model)
Shape = tuple[int | None, ...]


class Placeholder(Expression):
    """A value that each use provides, by its position among the values."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class _Statement:
    """SQL with its parameters: its own constants and the values of a use."""

    def __init__(self, query: Any) -> None:
        self.compiler = query.get_compiler(connection=current_connection())
        self.sql, params = self.compiler.as_sql()
        self._params = list(params)
        places = [p.position if isinstance(p, Placeholder) else None for p in params]
        self._places = [
            (at, place) for at, place in enumerate(places) if place is not None
        ]
        self._is_plain = places == list(range(len(places)))

    def parameters(self, values: Sequence[Any]) -> Sequence[Any]:
        if self._is_plain:
            return values
        params = self._params.copy()
        for at, place in self._places:
            params[at] = values[place]
        return params


class _Reader:
    """Turns rows into objects, as the queryset's iterator does."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        self._statement = _Statement(rows.query)
        self._compiler = compiler = self._statement.compiler
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
            info, select, DEFAULT_DB_ALIAS
        )

    def __call__(self, values: Sequence[Any]) -> Iterator[Any]:
        with current_connection().cursor() as cursor:
            cursor.execute(self._statement.sql, self._statement.parameters(values))
            rows = cursor.fetchall()
        if self._converters:
            rows = self._compiler.apply_converters(rows, self._converters)
        return iter(map(tuple, rows)) if self._tuples else map(self._object, rows)

    def _object(self, row: Sequence[Any]) -> Any:
        fields = row[self._first : self._last]
        found = self._model.from_db(DEFAULT_DB_ALIAS, self._names, fields)
        for populator in self._related:
            populator.populate(row, found)
        return found


class _Select:
    """The statements of a SELECT, one for each shape of its arguments."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._known: dict[Shape, _Reader] = {}

    def _read(self, given: Sequence[Any]) -> Iterator[Any]:
        shape, values = _flatten(given)
        if 0 in shape:
            return iter(())
        if shape not in self._known:
            self._known[shape] = _Reader(self._build(*_placeholders(shape)))
        return self._known[shape](values)


class Prepared(_Select, Generic[Row]):
    """A SELECT of objects: `Prepared(lambda owner: Thing.objects.filter(owner=owner))`.

    For an argument with several values (`name__in=names`), only a few lengths are
    compiled: shorter lists are filled up with their last value.
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
    """The statements of a change, one for each shape of its arguments."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._known: dict[Shape, _Statement] = {}

    def __call__(self, *given: Any) -> int:
        """Returns how many rows were changed."""
        shape, values = _flatten(given)
        statement = self._statement(shape)
        with current_connection().cursor() as cursor:
            cursor.execute(statement.sql, statement.parameters(values))
            return int(cursor.rowcount)

    def each(self, uses: Sequence[Sequence[Any]]) -> None:
        """Run the statement for each row of values; no value can be a sequence."""
        if uses:
            statement = self._statement((None,) * len(uses[0]))
            with current_connection().cursor() as cursor:
                cursor.executemany(
                    statement.sql, [statement.parameters(one) for one in uses]
                )

    def _statement(self, shape: Shape) -> _Statement:
        if shape not in self._known:
            query = self._query(self._build(*_placeholders(shape)))
            self._known[shape] = _Statement(query)
        return self._known[shape]

    def _query(self, built: Any) -> Any:
        raise NotImplementedError


class PreparedUpdate(_Change):
    """An UPDATE: its function returns a queryset and the new values."""

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
    """A DELETE of rows without references: its function returns a queryset."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        super().__init__(build)

    def _query(self, built: Any) -> Any:
        return built.query.chain(DeleteQuery)


def current_connection() -> Any:
    """Return this thread's connection; `django.db.connection` is slower per access."""
    return connections[DEFAULT_DB_ALIAS]


def _flatten(given: Sequence[Any]) -> tuple[Shape, list[Any]]:
    """Flatten the arguments; the shape has the length of each sequence."""
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


def _placeholders(shape: Shape) -> list[Any]:
    placeholders: list[Any] = []
    place = 0
    for length in shape:
        if length is None:
            placeholders.append(Placeholder(place))
        else:
            placeholders.append([Placeholder(place + index) for index in range(length)])
        place += 1 if length is None else length
    return placeholders
