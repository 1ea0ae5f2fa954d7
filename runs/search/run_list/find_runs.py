"""The run list's one door: page, REST, CLI and views read runs through it.

Who needs the matching runs in an order of its own (the MLflow endpoint) takes
`compile.runs_matching`. The number of queries is bounded, whatever the rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from runs.models import Experiment, Run, RunQuerySet, User, Workspace
from runs.search.fields import HEAVY, source_of
from runs.search.query.paging import Place, beyond, read_cursor, write_cursor
from runs.search.query.run_query import Among, Question, ask
from runs.search.query.segments import Segment, segments_of
from runs.search.query.status_counts import EXACT, StatusCounts, tally_and_narrow
from runs.search.run_list import columns
from runs.search.sql.limits import time_limit
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.viewspec import ViewSpec

Placed = tuple[Segment, Run]


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
    within: Among | None = None,
    now: int | None = None,
) -> RunPage:
    """The page of runs that the spec asks for, as `viewer` may see them.

    `experiment`, `parent` and `within` (keys of runs) narrow it to their runs. `now`
    (ms) is what relative dates count from. Raises InvalidFilter, InvalidValue (a forged
    cursor) and QueryTimeout.
    """
    asked = [column.field for column in spec.columns]
    question = ask(
        spec,
        viewer,
        workspace,
        now=time.time_ns() // 1_000_000 if now is None else now,
        experiment=experiment,
        parent=parent,
        within=within,
        fields=[*asked, spec.sort.field],
    )
    with time_limit():
        counts, question = tally_and_narrow(question)
        runs, before, after, first = page_of(question)
        rows = rows_of(runs, asked, question)
    return RunPage(rows, counts, before, after, first)


def page_of(question: Question) -> tuple[list[Run], str, str, int]:
    """The runs of the page, the cursors of its neighbours, its first row's place."""
    spec, segments = question.spec, segments_of(question)
    backwards = bool(spec.before)
    first, place = 0, None
    if spec.before or spec.after:
        cursor, name = (spec.before, "before") if backwards else (spec.after, "after")
        first, place = read_cursor(cursor, name, spec.sort, segments)
    following = segments[first::-1] if backwards else segments[first:]
    found: list[Placed] = []
    for segment in following:
        missing = spec.rows + 1 - len(found)
        runs = _read(segment, question, place, missing, backwards=backwards)
        found += [(segment, run) for run in runs]
        if len(found) > spec.rows:
            break
        place = None
    more, found = len(found) > spec.rows, found[: spec.rows]
    if backwards:
        found.reverse()
    is_later = bool(spec.before or spec.after) and bool(found)
    here = _place_of(found[0], segments, question) if is_later else 1
    return [run for _, run in found], *_cursors(spec, found, more), here


def _read(
    segment: Segment,
    question: Question,
    place: Place | None,
    limit: int,
    *,
    backwards: bool,
) -> list[Run]:
    """The first runs of the segment; of two orders that it is read by, merged."""
    found = list(
        light(_in_order(segment, question, place, backwards=backwards), question.spec)[
            :limit
        ]
    )
    if segment.also is None:
        return found
    found += _read(segment.also, question, place, limit, backwards=backwards)

    def order(run: Run) -> list[float]:
        signs = (-1 if p.descending != backwards else 1 for p in segment.parts)
        values = (getattr(run, part.name) for part in segment.parts)
        return [sign * value for sign, value in zip(signs, values, strict=True)]

    return sorted(found, key=order)[:limit]


def _place_of(placed: Placed, segments: Sequence[Segment], question: Question) -> int:
    """Counted anew: a place that the cursor kept would be wrong after the next run."""
    segment, run = placed
    place = [getattr(run, part.name) for part in segment.parts]
    above = 0
    for each in segments:
        until = place if each is segment else None
        runs = _in_order(each, question, until, backwards=True)
        above += runs[: EXACT - above].count()
        if each.also is not None:
            runs = _in_order(each.also, question, until, backwards=True)
            above += runs[: EXACT - above].count()
        if above >= EXACT:
            return 0
        if each is segment:
            break
    return above + 1


def _in_order(
    segment: Segment, question: Question, place: Place | None, *, backwards: bool
) -> RunQuerySet:
    runs = segment.runs(question)
    if place is not None:
        runs = runs.filter(beyond(segment.parts, place, backwards=backwards))
    order = [part.order() for part in segment.parts]
    if backwards:
        for each in order:
            each.reverse_ordering()
    return runs.order_by(*order)


def _cursors(spec: ViewSpec, found: Sequence[Placed], more: bool) -> tuple[str, str]:
    if not found:
        return "", ""

    def cursor(placed: Placed) -> str:
        segment, run = placed
        return write_cursor(spec.sort, segment.parts, run, rank=segment.rank)

    has_before = more if spec.before else bool(spec.after)
    has_after = True if spec.before else more
    before = cursor(found[0]) if has_before else ""
    return before, cursor(found[-1]) if has_after else ""


def light(runs: RunQuerySet, spec: ViewSpec) -> RunQuerySet:
    """Without long texts that nobody asked for."""
    asked = {column.field for column in spec.columns}
    kept = {name for field in asked for name in source_of(field).columns}
    heavy = [name for name in HEAVY if name not in kept]
    if tree.attribute("root") in asked:
        runs = runs.prefetch_related("root")
    return runs.defer(*heavy)


def rows_of(
    runs: Sequence[Run], asked: Sequence[Field], question: Question
) -> tuple[RunRow, ...]:
    ids = [run.pk for run in runs]
    columns.attach(runs)
    starred = columns.starred_among(ids, question.scope)
    children = columns.children_among(ids)
    tags = columns.tags_of(ids) if tree.attribute("tags") in asked else {}
    values = columns.values_of(
        runs, asked, question.scope, children, starred=starred, tags=tags
    )
    return tuple(
        RunRow(
            run,
            run.pk in starred,
            sum(children.get(run.pk, {}).values()),
            tuple(tags.get(run.pk, ())),
            values[run.pk],
        )
        for run in runs
    )
