"""Counts over what a filter matches: the status strip, and completion.

Exact up to 10,000 matching runs; beyond, over the newest 10,000, and the result says
so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from runs.models import Experiment, Key, Metric, Run, User, Workspace
from runs.search import tally as tallies
from runs.search.expressions import Contains
from runs.search.keyed import TABLES
from runs.search.limits import time_limit
from runs.search.question import Question, ask
from runs.search.scope import KINDS
from studio.core.filters import tree
from studio.core.filters.edit import terms
from studio.core.filters.text import to_text
from studio.core.filters.tree import Comparison, Field, all_of
from studio.core.statuses import RunStatus
from studio.core.viewspec import ViewSpec


@dataclass(frozen=True)
class KeyCount:
    """A field that exists in the matching runs, and in how many."""

    field: Field
    runs: int


@dataclass(frozen=True)
class ValueCount:
    """A value of a field (None: a tag that is only a word), and its runs."""

    value: str | None
    runs: int


def count_statuses(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    now: int | None = None,
) -> tallies.StatusCounts:
    """How many matching runs have each status.

    Terms of the filter on the status itself do not count, so that the strip shows what
    else could be chosen.
    """
    spec = spec.changed(q=_without_status(spec))
    question = _question(spec, viewer, workspace, experiment, parent, now)
    with time_limit():
        return tallies.tally(question)


def count_keys(
    kind: str,
    part: str,
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    now: int | None = None,
    limit: int = 20,
) -> list[KeyCount]:
    """The keys of a kind (`tags`, …) that hold `part`, in the matching runs."""
    question = _question(spec, viewer, workspace, experiment, parent, now)
    with time_limit():
        newest = _newest(question)
        names = Key.objects.filter(
            Q(Contains(F("name"), part)), workspace=workspace, kind=KINDS[kind]
        )
        rows = _table(kind).filter(run__in=newest, key__in=names.values("pk"))
        counted = rows.order_by().values_list("key__name").annotate(n=Count("pk"))
        found = list(counted.order_by("-n", "key__name")[:limit])
    aggregate = "last" if kind == tree.METRICS else ""
    return [KeyCount(Field(kind, name, aggregate), n) for name, n in found]


def count_values(
    field: Field,
    part: str,
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    now: int | None = None,
    limit: int = 20,
) -> list[ValueCount]:
    """The values of a tag, parameter, property or text attribute that hold `part`."""
    question = _question(spec, viewer, workspace, experiment, parent, now, field)
    with time_limit():
        newest = _newest(question)
        if field.kind in TABLES:
            key = question.scope.key(field)
            rows, column = _table(field.kind).filter(run__in=newest, key=key), "value"
        else:
            rows, column = Run.objects.filter(pk__in=newest), _COLUMNS[field.key]
        if part:
            rows = rows.filter(Q(Contains(F(column), part)))
        counted = rows.order_by().values_list(column).annotate(n=Count("pk"))
        found = list(counted.order_by("-n", column)[:limit])
    return [ValueCount(_shown(field, value), n) for value, n in found]


#: Attributes whose values are few enough to be listed.
_COLUMNS: Mapping[str, str] = {
    "status": "status",
    "experiment": "experiment__name",
    "submitter": "submitter__username",
    "target": "target",
    "type": "type",
    "script": "script",
    "name": "name",
}
LISTED = frozenset(_COLUMNS)


def _shown(field: Field, value: object) -> str | None:
    if field == tree.attribute("status"):
        return RunStatus.from_code(int(str(value))).value
    return None if value is None else str(value)


def _table(kind: str) -> Any:
    table: Any = Metric if kind == tree.METRICS else TABLES[kind]
    return table.objects


def names_status(spec: ViewSpec) -> bool:
    """Whether the strip counts other runs than the filter matches."""
    return any(_is_status(term) for term in terms(spec.filter()))


def _without_status(spec: ViewSpec) -> str:
    kept = [term for term in terms(spec.filter()) if not _is_status(term)]
    return to_text(all_of(*kept)) if kept else ""


def _is_status(term: object) -> bool:
    return isinstance(term, Comparison) and term.field == tree.attribute("status")


def _question(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    parent: Run | None,
    now: int | None,
    *fields: Field,
) -> Question:
    return ask(
        spec,
        viewer,
        workspace,
        now=time.time_ns() // 1_000_000 if now is None else now,
        experiment=experiment,
        parent=parent,
        fields=fields,
    )


def _newest(question: Question) -> Any:
    """The newest matching runs as a subquery."""
    return tallies.newest(question).values("pk")[: tallies.EXACT]
