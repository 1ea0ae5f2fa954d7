"""What runs that lie side by side have, row by row: values by run, and which differ.

A fixed number of queries, whatever the runs have; 100 runs of 500 metrics are 50,000
values, so rows are read as tuples and only what is shown is written out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runs.models import Run, User, Workspace
from runs.search.fields import COMPARED
from runs.search.sql import make_scope, time_limit
from runs.search.values import (
    ValueReader,
    all_metrics,
    all_texts,
    attach_experiments_and_submitters,
)
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.git import shown_value
from studio.core.names import is_system_metric, natural_order

MIN_COMPARED, MAX_COMPARED = 2, 100

#: Clients' own bookkeeping among the tags, which says nothing about the run.
SYSTEM_TAG_PREFIX = "mlflow."


@dataclass(frozen=True)
class ComparedRow:
    """What each run has under a name, in the order of the runs; None where nothing."""

    key: str
    values: tuple[object, ...]
    differs: bool
    field: Field | None = None
    #: The most points that a run has of a series of numbers; 0 for what is none.
    points: int = 0


@dataclass
class NonNumericSeries:
    """A metric that is no number: how many rows a table has, what an image is."""

    kind: str
    count: int
    last_text: str | None
    last: float | None = None
    last_is_nan: bool = False
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The runs in the order that was asked for, and what they have.

    `unknown` are ids of no run that the viewer may see, `trashed` those in the trash.
    """

    runs: tuple[Run, ...]
    unknown: tuple[str, ...]
    trashed: tuple[str, ...]
    metrics: tuple[ComparedRow, ...] = ()
    params: tuple[ComparedRow, ...] = ()
    attributes: tuple[ComparedRow, ...] = ()
    tags: tuple[ComparedRow, ...] = ()
    properties: tuple[ComparedRow, ...] = ()
    bookkeeping: tuple[ComparedRow, ...] = ()


def compare_runs(
    ids: Sequence[str], viewer: User, workspace: Workspace, *, now: int
) -> Comparison:
    """The first `MAX_COMPARED` of the runs that `ids` name, side by side."""
    with time_limit():
        found = _find_runs(ids, viewer, workspace)
        runs = tuple(
            found[one] for one in ids if one in found and _is_not_in_trash(found[one])
        )
        unknown = tuple(one for one in ids if one not in found)
        trashed = tuple(o for o in ids if o in found and not _is_not_in_trash(found[o]))
        runs = runs[:MAX_COMPARED]
        if not runs:
            return Comparison((), unknown, trashed)
        keys = [run.pk for run in runs]
        tags = _text_rows(all_texts(tree.TAGS, keys), keys)
        return Comparison(
            runs,
            unknown,
            trashed,
            _metric_rows(keys),
            _text_rows(all_texts(tree.PARAMS, keys), keys),
            _attribute_rows(runs, viewer, workspace, now),
            tuple(row for row in tags if not row.key.startswith(SYSTEM_TAG_PREFIX)),
            _text_rows(all_texts(tree.PROPERTIES, keys), keys),
            tuple(row for row in tags if row.key.startswith(SYSTEM_TAG_PREFIX)),
        )


def find_runs_by_id(
    ids: Sequence[str], viewer: User, workspace: Workspace
) -> list[Run]:
    """The runs that are compared where `ids` are asked for."""
    found = _find_runs(ids, viewer, workspace)
    here = [found[one] for one in ids if one in found and _is_not_in_trash(found[one])]
    return here[:MAX_COMPARED]


def _find_runs(
    ids: Sequence[str], viewer: User, workspace: Workspace
) -> Mapping[str, Run]:
    rows = Run.objects.of_member(workspace, viewer).in_workspace(workspace)
    found = list(rows.filter(run_id__in=ids))
    attach_experiments_and_submitters(found)
    return {run.run_id: run for run in found}


def _is_not_in_trash(run: Run) -> bool:
    return run.deleted is None and run.experiment.deleted is None


def _attribute_rows(
    runs: Sequence[Run], viewer: User, workspace: Workspace, now: int
) -> tuple[ComparedRow, ...]:
    scope = make_scope(viewer, workspace, now, COMPARED)
    found = ValueReader(scope, COMPARED).read(runs)
    rows = []
    for field in COMPARED:
        values = tuple(found.column(field))
        if any(value is not None for value in values):
            rows.append(ComparedRow(field.key, values, _values_differ(values), field))
    return tuple(rows)


def _text_rows(
    rows: Iterable[tuple[int, str, str | None]], keys: Sequence[int]
) -> tuple[ComparedRow, ...]:
    """A tag that is only a word has the empty text."""
    by_name: dict[str, dict[int, object]] = defaultdict(dict)
    for run, name, value in rows:
        by_name[name][run] = "" if value is None else shown_value(name, value)
    return rows_sorted_by_name(by_name, keys)


def _metric_rows(keys: Sequence[int]) -> tuple[ComparedRow, ...]:
    by_name: dict[str, dict[int, object]] = defaultdict(dict)
    points: dict[str, int] = defaultdict(int)
    for run, name, kind, count, last, is_nan, text in all_metrics(keys):
        value: object = last if text is None else text
        if kind != "series":
            value = NonNumericSeries(kind, count, text, last)
        else:
            points[name] = max(points[name], count)
            value = math.nan if is_nan else value
        by_name[name][run] = value
    rows = rows_sorted_by_name(by_name, keys, kind=tree.METRICS)
    rows = tuple(replace(row, points=points[row.key]) for row in rows)
    return tuple(sorted(rows, key=lambda row: is_system_metric(row.key)))


def rows_sorted_by_name(
    by_name: Mapping[str, Mapping[int, object]], keys: Sequence[int], kind: str = ""
) -> tuple[ComparedRow, ...]:
    """Values by name and run as rows, by the names' order."""
    found = []
    # The name itself decides between names that differ only in case.
    for name in sorted(by_name, key=lambda text: (natural_order(text), text)):
        own = by_name[name]
        values = tuple(map(own.get, keys))
        field = Field(kind, name, "last") if kind else None
        found.append(ComparedRow(name, values, _values_differ(values), field))
    return tuple(found)


def _values_differ(values: Sequence[object]) -> bool:
    """Whether not all are the same; NaN is the same as NaN here."""
    # Tables with as many rows can differ, which only reading them would tell.
    if sum(isinstance(v, NonNumericSeries) and v.kind == "table" for v in values) > 1:
        return True
    first = values[0]
    is_nan = isinstance(first, float) and math.isnan(first)
    if is_nan:
        return not all(isinstance(v, float) and math.isnan(v) for v in values)
    # In Python `1 == True`, but they are different values here.
    return any(type(v) is not type(first) or v != first for v in values)
