"""The runs that charts draw: the chosen ones, or the first of the list's result.

Each has a number, which is its color in every chart and in its box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runs.models import Experiment, Metric, Run, User, Workspace
from runs.search.run_list import RunRow, find_runs
from studio.core.filters import tree
from studio.core.filters.fields import to_text
from studio.core.filters.tree import Comparison, Field, Text, attribute
from studio.core.view_spec import Column, ViewSpec

#: Runs that are looked up by their ids at once.
LOOKUP_SIZE = 100


@dataclass(frozen=True)
class ChartRun:
    """A run, its number from 1, and the values of the fields that were asked for."""

    run: Run
    number: int
    values: dict[Field, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.run.name or self.run.run_id


def find_first_runs(
    spec: ViewSpec,
    fields: Sequence[Field],
    limit: int,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
) -> tuple[list[ChartRun], bool]:
    """The first runs of the result, whatever page is shown, and whether it has more."""
    asked = replace(
        spec,
        columns=_value_columns(fields),
        after="",
        before="",
        selected=(),
        only=False,
        rows=limit,
    )
    page = find_runs(asked, viewer, workspace, experiment=experiment)
    runs = [
        ChartRun(row.run, number, row.values)
        for number, row in enumerate(page.rows, start=1)
    ]
    return runs, bool(page.after)


def find_chosen_runs(
    ids: Sequence[str], fields: Sequence[Field], viewer: User, workspace: Workspace
) -> list[ChartRun]:
    """The runs of these ids, numbered by their places among them.

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
    return [
        ChartRun(found[run_id].run, number, found[run_id].values)
        for number, run_id in enumerate(ids, start=1)
        if run_id in found
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
