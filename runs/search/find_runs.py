"""The run list's one door: page, REST, CLI and views read runs through it.

Who needs the matching runs in an order of its own (the MLflow endpoint) takes
`compile.runs_matching`. The number of queries does not depend on the rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from runs.models import Experiment, Run, User, Workspace
from runs.models.runs import RunQuerySet
from runs.search import columns
from runs.search.limits import time_limit
from runs.search.order import Part, parts_of
from runs.search.paging import beyond, read_cursor, write_cursor
from runs.search.question import Question, ask
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.viewspec import ViewSpec

#: Totals are exact up to here; counting on would cost more than it tells.
EXACT = 10_000


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


@dataclass(frozen=True)
class RunPage:
    """One page of rows. A cursor is empty where there is no such page.

    `first` is the first row's place among all, from 1; 0 if it is beyond counting.
    """

    rows: tuple[RunRow, ...]
    total: int
    total_is_exact: bool
    before: str
    after: str
    first: int


def find_runs(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    now: int | None = None,
) -> RunPage:
    """The page of runs that the spec asks for, as `viewer` may see them.

    `experiment` and `parent` narrow it to their runs. `now` (ms) is what relative dates
    count from. Raises InvalidFilter, InvalidValue (a forged cursor) and QueryTimeout.
    """
    asked = [column.field for column in spec.columns]
    question = ask(
        spec,
        viewer,
        workspace,
        now=time.time_ns() // 1_000_000 if now is None else now,
        experiment=experiment,
        parent=parent,
        fields=[*asked, spec.sort.field],
    )
    with time_limit():
        total = question.runs()[: EXACT + 1].count()
        runs, before, after, first = _page(question)
        rows = _rows(runs, asked, question)
    return RunPage(rows, min(total, EXACT), total <= EXACT, before, after, first)


def _page(question: Question) -> tuple[list[Run], str, str, int]:
    """The runs of the page, the cursors of its neighbours, its first row's place."""
    spec = question.spec
    parts = parts_of(spec.sort, question.scope)
    backwards = bool(spec.before)
    cursor, name = (spec.before, "before") if backwards else (spec.after, "after")
    every = question.runs().annotate(
        **{part.name: part.value for part in parts if part.name != "pk"}
    )
    runs = every
    if cursor:
        place = read_cursor(cursor, name, spec.sort, parts)
        runs = every.filter(beyond(parts, place, backwards=backwards))
    order = [part.order() for part in parts]
    if backwards:
        order = [each.copy() for each in order]
        for each in order:
            each.reverse_ordering()
    wanted = _light(runs, spec).order_by(*order)[: spec.rows + 1]
    found = list(wanted)
    more, found = len(found) > spec.rows, found[: spec.rows]
    if backwards:
        found.reverse()
    first = _place_of(found[0], every, parts) if cursor and found else 1
    return found, *_cursors(question, parts, found, more), first


def _place_of(run: Run, every: RunQuerySet, parts: Sequence[Part]) -> int:
    """Counted anew: a place that the cursor kept would be wrong after the next run."""
    place = [getattr(run, part.name) for part in parts]
    above = every.filter(beyond(parts, place, backwards=True))[:EXACT].count()
    return above + 1 if above < EXACT else 0


def _cursors(
    question: Question, parts: Sequence[Part], found: Sequence[Run], more: bool
) -> tuple[str, str]:
    spec = question.spec
    if not found:
        return "", ""
    has_before = more if spec.before else bool(spec.after)
    has_after = True if spec.before else more
    before = write_cursor(spec.sort, parts, found[0]) if has_before else ""
    after = write_cursor(spec.sort, parts, found[-1]) if has_after else ""
    return before, after


def _light(runs: RunQuerySet, spec: ViewSpec) -> RunQuerySet:
    """With what rows show of other tables, without long texts that nobody asked for."""
    asked = {column.field for column in spec.columns}
    heavy = [name for name in columns.HEAVY if tree.attribute(name) not in asked]
    related = ["experiment", "submitter"]
    if tree.attribute("root") in asked:
        related.append("root")
    return runs.select_related(*related).defer(*heavy)


def _rows(
    runs: Sequence[Run], asked: Sequence[Field], question: Question
) -> tuple[RunRow, ...]:
    ids = [run.pk for run in runs]
    values = columns.values_of(runs, asked, question.scope)
    starred = columns.starred_among(ids, question.scope)
    children = columns.children_among(ids)
    tags = columns.tags_of(ids) if tree.attribute("tags") in asked else {}
    if tree.attribute("starred") in asked:
        for pk in ids:
            values[pk][tree.attribute("starred")] = pk in starred
    return tuple(
        RunRow(
            run,
            run.pk in starred,
            children.get(run.pk, 0),
            tuple(tags.get(run.pk, ())),
            values[run.pk],
        )
        for run in runs
    )
