"""The private parts of Django that prepared statements use: all are named here.

Django documents none of them, so a new version can change them.
`tests/storage/test_django_internals.py` checks each with the installed version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX
from django.db.models import Field, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators
from django.db.models.sql import DeleteQuery, UpdateQuery

#: The versions of Django that the tests have checked.
CHECKED_VERSIONS = frozenset({(5, 2)})

Row = Sequence[Any]


def update_query(rows: QuerySet[Any, Any], changes: Mapping[str, Any]) -> Any:
    """Return the query that an update of these rows would run."""
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(changes)
    return query


def delete_query(rows: QuerySet[Any, Any]) -> Any:
    """Return the query that deletes these rows, without looking for references."""
    return rows.query.chain(DeleteQuery)


def inserted_fields(model: type[Model]) -> list[Field[Any, Any]]:
    """Return the fields that an INSERT sends: all but a key that the database sets."""
    options = model._meta
    return [f for f in options.concrete_fields if f is not options.auto_field]


class CompiledQuery:
    """A query's SQL and parameters, and the compiler that knows its columns."""

    def __init__(self, query: Any, connection: Any) -> None:
        self.compiler = query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        self.params = list(params)


@dataclass(frozen=True)
class RowLayout:
    """How rows of the database become what the queryset's iterator would return.

    `model` is None for tuples. Otherwise `own` are its columns, and each of
    `populators` sets a related object that was selected with it.
    """

    convert: Callable[[Iterable[Row]], Iterable[Row]] | None
    model: type[Model] | None = None
    names: Sequence[str] = ()
    own: slice | None = None
    populators: Sequence[Callable[[Row, Model], None]] = ()


def execute(database: Any, sql: str, params: Sequence[Any]) -> Any:
    """Run a statement and return its cursor.

    With SQLite this uses the driver directly: Django's cursors take longer than most
    of these statements. A test that counts queries gets them from Django's cursor.
    """
    if not _calls_driver(database):
        cursor = database.cursor()
        cursor.execute(sql, params)
        return cursor
    with database.wrap_database_errors:
        return database.connection.execute(_with_question_marks(sql), params)


def execute_many(database: Any, sql: str, params: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each row of parameters."""
    if not _calls_driver(database):
        with database.cursor() as cursor:
            cursor.executemany(sql, params)
        return
    with database.wrap_database_errors:
        database.connection.executemany(_with_question_marks(sql), params)


def fetch_all(database: Any, sql: str, params: Sequence[Any]) -> list[Row]:
    """Run a SELECT and return its rows."""
    with database.wrap_database_errors:
        rows: list[Row] = execute(database, sql, params).fetchall()
    return rows


def _calls_driver(database: Any) -> bool:
    """Whether nothing observes the statements; connects if there is no connection."""
    if (
        database.vendor != "sqlite"
        or database.queries_logged
        or database.execute_wrappers
        # Django's cursor raises the error for this.
        or database.needs_rollback
    ):
        return False
    database.ensure_connection()
    return True


@lru_cache(maxsize=2048)
def _with_question_marks(sql: str) -> str:
    """Write placeholders as SQLite's driver expects them."""
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")


def row_layout(rows: QuerySet[Any, Any], compiled: CompiledQuery) -> RowLayout:
    compiler = compiled.compiler
    columns = [column[0] for column in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(columns)
    convert = partial(compiler.apply_converters, converters=converters)
    if rows._fields is not None:  # type: ignore[attr-defined]
        return RowLayout(convert if converters else None)
    info = compiler.klass_info
    at = info["select_fields"]
    own = slice(at[0], at[-1] + 1)
    related: list[Any] = get_related_populators(  # type: ignore[call-arg]
        info, compiler.select, DEFAULT_DB_ALIAS
    )
    return RowLayout(
        convert if converters else None,
        rows.model,
        [column[0].target.attname for column in compiler.select[own]],
        own,
        [partial(_set_related, each) for each in related],
    )


def new_object(model: type[Model], names: Sequence[str], values: Row) -> Any:
    """Create an object of a row as `Model.from_db` does, without its constructor.

    The constructor takes longer than the database takes for most rows. It also sends
    signals, and `tests/storage/test_django_internals.py` checks that none is received.
    """
    found = model.__new__(model)
    state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    found.__dict__.update(zip(names, values, strict=True), _state=state)
    return found


def _set_related(populator: Any, row: Row, owner: Model) -> None:
    """Set a related object, as Django's populator does with `Model.from_db`."""
    values = row[populator.cols_start : populator.cols_end]
    found = None
    if values[populator.pk_idx] is not None:
        found = new_object(populator.model_cls, populator.init_list, values)
        for inner in populator.related_populators:
            _set_related(inner, row, found)
        populator.remote_setter(found, owner)
    populator.local_setter(owner, found)
