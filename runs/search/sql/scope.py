"""The scope of a query: its user, workspace, time and keys, and its time limit."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from runs.models import Key, KeyKind, User, Workspace
from runs.storage.prepared import PreparedRows
from studio.core.errors import QueryTimeout
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.launcher_properties import HOST_PROPERTY

KEY_KINDS: Mapping[str, KeyKind] = {
    tree.TAGS: KeyKind.TAG,
    tree.PARAMS: KeyKind.PARAM,
    tree.PROPERTIES: KeyKind.PROPERTY,
    tree.METRICS: KeyKind.METRIC,
}
#: The names under which clients record the git commit.
COMMIT_PROPERTIES = (
    Field(tree.TAGS, "mlflow.source.git.commit"),
    Field(tree.PROPERTIES, "azureml.git.commit"),
)
#: The names under which the name of a run's machine is recorded. Plugins of MLflow can
#: only set tags.
HOST_PROPERTIES = (
    Field(tree.PROPERTIES, HOST_PROPERTY),
    Field(tree.TAGS, HOST_PROPERTY),
)


@dataclass(frozen=True)
class Scope:
    """`keys` are the interned names that the question needs, by kind and name."""

    viewer: User
    workspace: Workspace
    now: int
    keys: Mapping[tuple[str, str], int]
    #: By pattern the runs whose logs match it, where these were searched already.
    log_runs: Mapping[Any, frozenset[int]] = dataclass_field(default_factory=dict)
    #: Whether `starred` asks for the stars of all members, not for the viewer's.
    any_star: bool = False

    def key(self, field: Field) -> int | None:
        """The primary key of the field's name; None if no run has ever used it."""
        return self.keys.get((KEY_KINDS[field.kind].value, field.key))


def make_scope(
    viewer: User, workspace: Workspace, now: int, fields: Iterable[Field]
) -> Scope:
    """The scope for a question that names `fields`; one query looks the names up."""
    names: dict[KeyKind, set[str]] = {}
    # The fields `commit` and `host` are read from these keys.
    for field in {*fields, *COMMIT_PROPERTIES, *HOST_PROPERTIES}:
        if field.kind in KEY_KINDS:
            names.setdefault(KEY_KINDS[field.kind], set()).add(field.key)
    # A name can also be found with another field's kind, which nothing asks for.
    kinds = sorted(kind.value for kind in names)
    rows = _keys.all(workspace.pk, kinds, sorted(set().union(*names.values())))
    found = {(kind, name): pk for kind, name, pk in rows}
    return Scope(viewer, workspace, now, found)


_keys = PreparedRows(
    lambda workspace, kinds, names: Key.objects.filter(
        workspace=workspace, kind__in=kinds, name__in=names
    ).values_list("kind", "name", "pk")
)


QUERY_SECONDS = 5.0
#: PostgreSQL's code of a statement that was stopped.
_QUERY_CANCELED = "57014"
#: SQLite calls back after this many steps: every few milliseconds.
_STEPS_PER_CHECK = 20_000


@contextmanager
def time_limit(seconds: float | None = None) -> Iterator[None]:
    """Stop the queries inside after `seconds` in all; raises QueryTimeout."""
    seconds = QUERY_SECONDS if seconds is None else seconds
    limit = _postgres_timeout if connection.vendor == "postgresql" else _sqlite_timeout
    try:
        with limit(seconds):
            yield
    except OperationalError as error:
        if not _is_timeout(error):
            raise
        raise QueryTimeout(
            _(
                "This query took longer than %(seconds)s seconds. "
                "Narrow it: add an experiment, a status or a shorter "
                "time, or sort by submitted time."
            )
            % {"seconds": f"{seconds:g}"}
        ) from error


def _is_timeout(error: OperationalError) -> bool:
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) == _QUERY_CANCELED:
        # PostgreSQL has the same code for a statement that an operator canceled.
        return "statement timeout" in str(cause)
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


@contextmanager
def _sqlite_timeout(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw = connection.connection
    end = time.monotonic() + seconds
    # SQLite stops the query when the handler returns anything but 0.
    raw.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS_PER_CHECK)
    try:
        yield
    finally:
        raw.set_progress_handler(None, _STEPS_PER_CHECK)


@contextmanager
def _postgres_timeout(seconds: float) -> Iterator[None]:
    """The limit is per statement here; it ends with the transaction at the latest."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {round(seconds * 1000)}")
        yield
        # SET LOCAL would last until the end of an outer transaction.
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
