"""The runs that charts draw: the chosen ones, or the first that have what is drawn.

Each has a number, which is its color in every chart and in its box: the color that
members gave it, its place among the chosen ones, or else its number in the experiment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runs.models import Experiment, Metric, Run, User, Workspace
from runs.search.run_list import RunRow, find_runs
from studio.core.chart_kinds import CHART_KINDS
from studio.core.filters import to_text, tree
from studio.core.filters.fields import operators_of
from studio.core.filters.source import FilterText
from studio.core.filters.tree import (
    Comparison,
    Field,
    Node,
    Text,
    all_of,
    any_of,
    attribute,
)
from studio.core.view_charts import Chart
from studio.core.view_spec import Column, ViewSpec

#: Runs that are looked up by their ids at once.
LOOKUP_SIZE = 100


@dataclass(frozen=True)
class ChartRun:
    """A run, the number of its color, and the values of the asked fields.

    `place` is that among the chosen runs, from 1.
    """

    run: Run
    number: int
    values: dict[Field, object] = field(default_factory=dict)
    place: int = 0

    @property
    def name(self) -> str:
        return self.run.name or self.run.run_id


@dataclass(frozen=True)
class FirstRuns:
    """The first runs of a result that have what a chart draws.

    `total` is how many there are, or a lower limit if it is not `is_exact`. With
    `are_children` only child runs have it, which the list itself doesn't show.
    """

    runs: list[ChartRun]
    total: int = 0
    is_exact: bool = True
    are_children: bool = False


def find_first_runs(
    spec: ViewSpec,
    fields: Sequence[Field],
    limit: int,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    drawn: Node | None = None,
    or_children: bool = False,
) -> FirstRuns:
    """The first runs of the result, whatever page is shown, that match `drawn`.

    In a tree these are all runs that match, at any depth. With `or_children` they are
    child runs if a list without these has none.
    """
    required = [term for term in (spec.filter(), drawn) if term is not None]
    asked = replace(
        spec,
        # Each chart has terms of its own, but the reader's filter is parsed only once.
        q=FilterText.of_tree(all_of(*required)) if required else spec.q,
        flat=True,
        tree=(),
        columns=_value_columns(fields),
        after="",
        before="",
        selected=(),
        only=False,
        rows=limit,
    )
    page = find_runs(asked, viewer, workspace, experiment=experiment)
    # A sweep's own runs are often without metrics: its children have them.
    are_children = or_children and not page.rows and not spec.children
    if are_children:
        deep = replace(asked, children=True)
        page = find_runs(deep, viewer, workspace, experiment=experiment)
    # A run keeps its number in the experiment, however the list is sorted or filtered.
    runs = [
        ChartRun(row.run, row.run.color or row.run.number, row.values)
        for row in page.rows
    ]
    return FirstRuns(runs, page.total, page.total_is_exact, are_children and bool(runs))


def drawn_values_term(chart: Chart) -> Node | None:
    """What a run must have to be drawn; None if every run has it."""
    required = CHART_KINDS[chart.kind].required
    known = [_is_known(field) for field in chart.fields]
    over = _is_known(chart.x_metric) if chart.x_metric else None
    # One field that every run has is enough where any of them is.
    alternatives = () if required or None in known else known
    any_field = any_of(*filter(None, alternatives)) if alternatives else None
    needed = [*known[:required], any_field, over]
    terms = [term for term in needed if term is not None]
    return all_of(*terms) if terms else None


def _is_known(field: Field) -> Comparison | None:
    if "is not null" not in operators_of(field):
        return None
    return Comparison(field, "is not null")


def find_chosen_runs(
    ids: Sequence[str], fields: Sequence[Field], viewer: User, workspace: Workspace
) -> list[ChartRun]:
    """The runs of these ids, numbered by their places among them or their own color.

    An id that is empty, or gone, or that `viewer` may not see, leaves a gap.
    """
    found: dict[str, RunRow] = {}
    known = [run_id for run_id in ids if run_id]
    for start in range(0, len(known), LOOKUP_SIZE):
        part = known[start : start + LOOKUP_SIZE]
        # The list's own query also decides which runs the viewer can see.
        named = Comparison(attribute("id"), "in", tuple(Text(each) for each in part))
        asked = ViewSpec(
            q=to_text(named),
            columns=_value_columns(fields),
            children=True,
            archived=True,
            rows=LOOKUP_SIZE,
        )
        page = find_runs(asked, viewer, workspace)
        found |= {row.run.run_id: row for row in page.rows}
    chosen = [(n, found[each]) for n, each in enumerate(ids, start=1) if each in found]
    return [
        ChartRun(row.run, row.run.color or number, row.values, number)
        for number, row in chosen
    ]


def _value_columns(fields: Sequence[Field]) -> tuple[Column, ...]:
    return tuple(Column(each) for each in dict.fromkeys(fields))


def read_metric_heads(
    runs: Sequence[ChartRun], fields: Sequence[Field]
) -> dict[tuple[int, str], Metric]:
    """The series' heads by the run's primary key and the metric's name; one query."""
    names = {each.key for each in fields if each.kind == tree.METRICS}
    if not names or not runs:
        return {}
    by_key = {each.run.pk: each.run for each in runs}
    rows = Metric.objects.filter(run__in=list(by_key), key__name__in=names)
    found = {}
    for head in rows.select_related("key"):
        # Otherwise each series would query its run again.
        head.run = by_key[head.run_id]
        found[head.run_id, head.key.name] = head
    return found
