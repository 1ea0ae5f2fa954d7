"""The run list's one door: page, REST, CLI and views read runs through it.

Who needs the matching runs in an order of its own (the MLflow endpoint) takes
`runs_matching`. The number of queries is bounded, whatever the rows.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.db.models.lookups import In

from runs.models import (
    Experiment,
    MetricGoal,
    Run,
    RunQuerySet,
    User,
    Workspace,
    now_ms,
)
from runs.search.fields import HEAVY, source_of
from runs.search.query import (
    MAX_EXACT_COUNT,
    RowPosition,
    RunKeys,
    RunQuery,
    Segment,
    StatusCounts,
    build_query,
    count_and_keep_candidates,
    read_cursor,
    rows_after,
    segments_of,
    write_cursor,
)
from runs.search.sql import Scope, time_limit
from runs.search.values import ValueReader, attach_experiments_and_submitters
from runs.storage.prepared import PreparedRows
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.view_spec import ViewSpec

#: A run, or a row with the names of its segment's parts as attributes.
SegmentRun = tuple[Segment, Any]
#: Reads the rows of a segment, whose annotations are the names of its parts.
RowReader = Callable[[RunQuerySet, Segment], list[Any]]


@dataclass(frozen=True)
class RunRow:
    """A run with what the asked columns show of it.

    `values` lacks what the run lacks. Times and durations are ms, a status is a
    RunStatus, parameters and tags are text, a metric is a number or its text.
    """

    run: Run
    starred: bool
    children: int
    tags: tuple[tuple[str, str | None], ...] = ()
    values: dict[Field, object] = field(default_factory=dict)
    place: TreePlace | None = None


@dataclass(frozen=True)
class MoreChildren:
    """Below the last shown child of an open row: how many there are, and are shown."""

    run_id: str
    depth: int
    shown: int
    total: int


@dataclass(frozen=True)
class TreePlace:
    """Where a row of the tree hangs; a root has depth 0.

    One that does not match shows the way to those below it that do. `best` has the
    kept least and greatest values of its descendants, of metrics that it lacks.
    """

    depth: int
    matches: bool
    is_open: bool
    best: dict[Field, tuple[float, float]] = field(default_factory=dict)
    after: tuple[MoreChildren, ...] = ()


@dataclass(frozen=True)
class RunPage:
    """One page of rows. A cursor is empty where there is no such page.

    `first` is the first row's place among all, from 1; 0 if it is beyond counting.
    """

    rows: tuple[RunRow, ...]
    counts: StatusCounts
    before: str
    after: str
    first: int

    @property
    def total(self) -> int:
        return self.counts.total

    @property
    def total_is_exact(self) -> bool:
        return self.counts.exact


def find_runs(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    within: RunKeys | None = None,
    now: int | None = None,
) -> RunPage:
    """The page of runs that the spec asks for, as `viewer` may see them.

    `experiment`, `parent` and `within` (keys of runs) narrow it to their runs. `now`
    (ms) is what relative dates count from. Raises InvalidFilter, InvalidValue (a forged
    cursor) and QueryTimeout.
    """
    asked = [column.field for column in spec.columns]
    run_query = build_query(
        spec,
        viewer,
        workspace,
        now=now_ms() if now is None else now,
        experiment=experiment,
        parent=parent,
        within=within,
        fields=[*asked, spec.sort.field],
    )
    with time_limit():
        counts, run_query = count_and_keep_candidates(run_query)
        runs, before, after, first = read_page(run_query)
        rows = build_rows(runs, asked, run_query.scope)
    return RunPage(rows, counts, before, after, first)


def read_page(run_query: RunQuery) -> tuple[list[Run], str, str, int]:
    """The runs of the page, the cursors of its neighbors, its first row's place."""
    spec, segments = run_query.spec, segments_of(run_query)

    def read_rows(runs: RunQuerySet, _segment: Segment) -> list[Run]:
        return list(without_heavy_columns(runs, spec))

    found, more = _read_placed_rows(run_query, segments, read_rows)
    is_later = bool(spec.before or spec.after) and bool(found)
    here = _count_runs_above(found[0], segments, run_query) if is_later else 1
    return [run for _, run in found], *_page_cursors(spec, found, more), here


def read_page_with(
    run_query: RunQuery, read_rows: RowReader, count_kept: Callable[[list[Any]], int]
) -> str:
    """The cursor behind the rows that are kept of the page; empty at the end.

    `read_rows` reads the rows of a segment, and `count_kept` gets all rows of the page
    and returns how many of them, from the first one on, it has used.
    """
    found, more = _read_placed_rows(run_query, segments_of(run_query), read_rows)
    kept = count_kept([row for _, row in found])
    is_cut = kept < len(found)
    return _page_cursors(run_query.spec, found[:kept], more or is_cut)[1]


def _read_placed_rows(
    run_query: RunQuery, segments: Sequence[Segment], read_rows: RowReader
) -> tuple[list[SegmentRun], bool]:
    """The rows of the page with their segments, and whether more follow."""
    spec = run_query.spec
    backwards = bool(spec.before)
    first, place = 0, None
    if spec.before or spec.after:
        cursor, name = (spec.before, "before") if backwards else (spec.after, "after")
        first, place = read_cursor(cursor, name, spec.sort, segments)
    following = segments[first::-1] if backwards else segments[first:]
    found: list[SegmentRun] = []
    for segment in following:
        # One run more than the page has shows whether another page follows.
        missing = spec.rows + 1 - len(found)
        rows = _read_segment(
            segment, run_query, place, missing, read_rows, backwards=backwards
        )
        found += [(segment, row) for row in rows]
        if len(found) > spec.rows:
            break
        # The cursor is a place in the first segment only.
        place = None
    more, found = len(found) > spec.rows, found[: spec.rows]
    if backwards:
        found.reverse()
    return found, more


def _read_segment(
    segment: Segment,
    run_query: RunQuery,
    place: RowPosition | None,
    limit: int,
    read_rows: RowReader,
    *,
    backwards: bool,
) -> list[Any]:
    """The first runs of the segment; of two orders that it is read by, merged."""
    runs = _runs_from_position(segment, run_query, place, backwards=backwards)
    found = list(read_rows(runs[:limit], segment))
    if segment.merged_with is None:
        return found
    found += _read_segment(
        segment.merged_with, run_query, place, limit, read_rows, backwards=backwards
    )

    def order(run: Any) -> list[float]:
        # Only numbers are merged, so a sign reverses their order.
        signs = (-1 if p.descending != backwards else 1 for p in segment.parts)
        values = (getattr(run, part.name) for part in segment.parts)
        return [sign * value for sign, value in zip(signs, values, strict=True)]

    return sorted(found, key=order)[:limit]


def _count_runs_above(
    placed: SegmentRun, segments: Sequence[Segment], run_query: RunQuery
) -> int:
    """Counted again: a place that the cursor kept would be wrong after the next run."""
    segment, run = placed
    place = [getattr(run, part.name) for part in segment.parts]
    above = 0
    for each in segments:
        until = place if each is segment else None
        runs = _runs_from_position(each, run_query, until, backwards=True)
        above += runs[: MAX_EXACT_COUNT - above].count()
        if each.merged_with is not None:
            runs = _runs_from_position(
                each.merged_with, run_query, until, backwards=True
            )
            above += runs[: MAX_EXACT_COUNT - above].count()
        if above >= MAX_EXACT_COUNT:
            return 0
        if each is segment:
            break
    return above + 1


def _runs_from_position(
    segment: Segment, run_query: RunQuery, place: RowPosition | None, *, backwards: bool
) -> RunQuerySet:
    runs = segment.select_runs(run_query)
    if place is not None:
        runs = runs.filter(rows_after(segment.parts, place, backwards=backwards))
    order = [part.order() for part in segment.parts]
    if backwards:
        for each in order:
            each.reverse_ordering()
    return runs.order_by(*order)


def _page_cursors(
    spec: ViewSpec, found: Sequence[SegmentRun], more: bool
) -> tuple[str, str]:
    if not found:
        return "", ""

    def cursor(placed: SegmentRun) -> str:
        segment, run = placed
        return write_cursor(spec.sort, segment.parts, run, rank=segment.rank)

    has_before = more if spec.before else bool(spec.after)
    # Behind a page that was reached backwards is the page that it was reached from.
    has_after = True if spec.before else more
    before = cursor(found[0]) if has_before else ""
    return before, cursor(found[-1]) if has_after else ""


def without_heavy_columns(runs: RunQuerySet, spec: ViewSpec) -> RunQuerySet:
    """Without long texts that the caller didn't ask for."""
    asked = {column.field for column in spec.columns}
    kept = {name for field in asked for name in source_of(field).columns}
    heavy = [name for name in HEAVY if name not in kept]
    if tree.attribute("root") in asked:
        # Otherwise each row would query its root.
        runs = runs.prefetch_related("root")
    return runs.defer(*heavy)


def build_rows(
    runs: Sequence[Run], fields: Sequence[Field], scope: Scope
) -> tuple[RunRow, ...]:
    """The runs with what the fields' cells show of them."""
    attach_experiments_and_submitters(runs)
    values = ValueReader(scope, dict.fromkeys(fields)).read(runs)
    by_run = values.by_run()
    has_tags = tree.attribute("tags") in fields
    return tuple(
        RunRow(
            run,
            values.is_starred(run),
            sum(values.children(run).values()),
            tuple(values.tags(run).items()) if has_tags else (),
            by_run[run.pk],
        )
        for run in runs
    )


#: How many points there are is no result.
RANKED_AGGREGATES = ("last", "first", "min", "max")


_goals = PreparedRows(
    lambda experiments, keys: MetricGoal.objects.filter(
        In(F("experiment"), experiments), key__name__in=keys
    ).values_list("key__name", "higher")
)


def find_goals(
    experiments: Iterable[int], fields: Iterable[Field]
) -> dict[Field, bool]:
    """Whether higher is better, for fields whose goal the experiments agree about.

    An experiment that has no goal for a metric has no objection.
    """
    asked = [
        f for f in fields if f.kind == tree.METRICS and f.aggregate in RANKED_AGGREGATES
    ]
    if not asked:
        return {}
    found: dict[str, set[bool]] = defaultdict(set)
    keys = sorted({field.key for field in asked})
    for key, higher in _goals.all(sorted(set(experiments)), keys):
        found[key].add(higher)
    return {f: found[f.key] == {True} for f in asked if len(found[f.key]) == 1}


def best_values(
    rows: Sequence[RunRow], goals: Mapping[Field, bool]
) -> dict[Field, float | int]:
    """The best value of each ranked field among the rows, where they differ at all."""
    found: dict[Field, float | int] = {}
    for ranked, higher in goals.items():
        values = [v for v in (row.values.get(ranked) for row in rows) if _is_finite(v)]
        if len(set(values)) > 1:
            found[ranked] = max(values) if higher else min(values)  # type: ignore
    return found


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)
