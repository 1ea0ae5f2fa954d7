"""SQL statements that are compiled once and used by every request of a script.

Django takes many times longer to build and compile a query than the database takes to
answer it. A prepared query is written as any other, by a function whose arguments are
placeholders. The SQL that Django compiles is kept, and each use sends it with its
values: texts, numbers and bytes, unconverted.

Only ingest, the run list and the frame of pages use them, where the time to build a
query counts. They lean on private parts of Django, which `django_internals` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Model, QuerySet

from runs.storage.prepared.django_internals import (
    CompiledQuery,
    delete_query,
    execute,
    execute_many,
    fetch_all,
    new_object,
    row_layout,
    update_query,
)

Row = TypeVar("Row", bound=Model)
Shape = tuple[int | None, ...]


class Placeholder(Expression):
    """A value that each use provides, by its position among the values."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class _CompiledStatement:
    """SQL with its parameters: its own constants and the values of a use."""

    def __init__(self, compiled: CompiledQuery) -> None:
        self.sql, self._params = compiled.sql, compiled.params
        params = self._params
        places = [p.position if isinstance(p, Placeholder) else None for p in params]
        self._places = [
            (at, place) for at, place in enumerate(places) if place is not None
        ]
        # Mostly the values are the parameters in their order, and need no copy.
        self._is_plain = places == list(range(len(places)))

    def parameters(self, values: Sequence[Any]) -> Sequence[Any]:
        if self._is_plain:
            return values
        params = self._params.copy()
        for at, place in self._places:
            params[at] = values[place]
        return params


class _RowReader:
    """Runs a SELECT and turns its rows into objects or tuples."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        compiled = CompiledQuery(rows.query, current_connection())
        self._statement = _CompiledStatement(compiled)
        self._layout = row_layout(rows, compiled)

    def __call__(self, values: Sequence[Any]) -> Iterator[Any]:
        statement = self._statement
        params = statement.parameters(values)
        return self._read_rows(fetch_all(current_connection(), statement.sql, params))

    def _read_rows(self, rows: Iterable[Sequence[Any]]) -> Iterator[Any]:
        if self._layout.convert is not None:
            rows = self._layout.convert(rows)
        if self._layout.model is None:
            return map(tuple, rows)
        return map(self._object_from_row, rows)

    def _object_from_row(self, row: Sequence[Any]) -> Any:
        layout = self._layout
        assert layout.model is not None
        assert layout.own is not None
        found = new_object(layout.model, layout.names, row[layout.own])
        for populate in layout.populators:
            populate(row, found)
        return found


class _PreparedSelect:
    """The statements of a SELECT, one for each shape of its arguments."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._known: dict[Shape, _RowReader] = {}

    def _read_rows(self, given: Sequence[Any]) -> Iterator[Any]:
        shape, values = _flatten_arguments(given)
        # Nothing is in an empty list, and PostgreSQL has no empty `IN`.
        if 0 in shape:
            return iter(())
        if shape not in self._known:
            self._known[shape] = _RowReader(self._build(*_placeholders(shape)))
        return self._known[shape](values)


class Prepared(_PreparedSelect, Generic[Row]):
    """A SELECT of objects: `Prepared(lambda owner: Thing.objects.filter(owner=owner))`.

    For an argument with several values (`name__in=names`), only a few lengths are
    compiled: shorter lists are filled up with their last value.
    """

    def __init__(self, build: Callable[..., QuerySet[Row, Row]]) -> None:
        super().__init__(build)

    def all(self, *given: Any) -> list[Row]:
        return list(self._read_rows(given))

    def first(self, *given: Any) -> Row | None:
        return next(self._read_rows(given), None)


class PreparedRows(_PreparedSelect):
    """A SELECT of columns: a queryset that ends with `values_list`."""

    def all(self, *given: Any) -> list[tuple[Any, ...]]:
        return list(self._read_rows(given))


class _PreparedChange:
    """The statements of a change, one for each shape of its arguments."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._known: dict[Shape, _CompiledStatement] = {}

    def __call__(self, *given: Any) -> int:
        """Returns how many rows were changed."""
        shape, values = _flatten_arguments(given)
        statement = self._statement(shape)
        params = statement.parameters(values)
        return int(execute(current_connection(), statement.sql, params).rowcount)

    def execute_many(self, uses: Sequence[Sequence[Any]]) -> None:
        """Run the statement for each row of values; no value can be a sequence."""
        if uses:
            statement = self._statement((None,) * len(uses[0]))
            params = [statement.parameters(one) for one in uses]
            execute_many(current_connection(), statement.sql, params)

    def _statement(self, shape: Shape) -> _CompiledStatement:
        if shape not in self._known:
            query = self._sql_query(self._build(*_placeholders(shape)))
            self._known[shape] = _CompiledStatement(
                CompiledQuery(query, current_connection())
            )
        return self._known[shape]

    def _sql_query(self, built: Any) -> Any:
        raise NotImplementedError


class PreparedUpdate(_PreparedChange):
    """An UPDATE: its function returns a queryset and the new values."""

    def __init__(
        self, build: Callable[..., tuple[QuerySet[Any, Any], dict[str, Any]]]
    ) -> None:
        super().__init__(build)

    def _sql_query(self, built: Any) -> Any:
        return update_query(*built)


class PreparedDelete(_PreparedChange):
    """A DELETE of rows without references: its function returns a queryset."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        super().__init__(build)

    def _sql_query(self, built: Any) -> Any:
        return delete_query(built)


def current_connection() -> Any:
    """Return this thread's connection; `django.db.connection` is slower per access."""
    return connections[DEFAULT_DB_ALIAS]


def _flatten_arguments(given: Sequence[Any]) -> tuple[Shape, list[Any]]:
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
