"""The runs that a chart draws: the selected ones, or the first of the list.

The addresses of figures take the query string of the list. On the Compare page, the
parameter `run` (repeated) names the runs; their order gives their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runs.models import Experiment, Metric, User, Workspace
from runs.pages.lists import ListState
from runs.search.charts import (
    ChartRun,
    FirstRuns,
    drawn_values_term,
    find_chosen_runs,
    find_first_runs,
    read_metric_heads,
)
from runs.search.query import (
    SelectedRun,
    find_visible_selection,
    selected_runs,
)
from studio.core.chart_kinds import CHART_KINDS
from studio.core.filters.tree import Field, Node
from studio.core.view_charts import MAX_RUNS, Chart
from studio.core.view_spec import ViewSpec


@dataclass(frozen=True)
class ChartRuns:
    """The runs of a chart, and the heads of the metrics that it draws.

    With `chosen`, the reader chose these runs; otherwise `total` is how many have what
    is drawn, or a lower limit if it is not `exact`. With `are_children` only child
    runs have it. `deleted` is the number of chosen runs that no longer exist. With
    `by_place`, each run has its own dash, as in the columns of the Compare page.
    """

    runs: Sequence[ChartRun]
    heads: Mapping[tuple[int, str], Metric]
    chosen: bool = False
    total: int = 0
    exact: bool = True
    are_children: bool = False
    deleted: int = 0
    by_place: bool = False


def fields_to_read(chart: Chart) -> list[Field]:
    """Return the fields to read for each run: drawn values, and group fields."""
    # *All but* groups by every other parameter, which are read in one query of their
    # own.
    groups = () if chart.all_but else chart.groups
    return [*(() if CHART_KINDS[chart.kind].draws_points else chart.fields), *groups]


def read_chart_runs(state: ListState, chart: Chart) -> ChartRuns:
    [found] = read_runs_of_charts(state, [chart])
    return found


def read_runs_of_charts(state: ListState, charts: Sequence[Chart]) -> list[ChartRuns]:
    """Return the runs of each chart, read with as few queries as for one chart."""
    who = (state.viewer, state.workspace, state.experiment)
    named = state.parameters.getlist("run")[:MAX_RUNS]
    return read_runs_of_charts_for_viewer(
        state.spec, charts, *who, named, or_children=True
    )


def read_runs_of_charts_for_viewer(
    spec: ViewSpec,
    charts: Sequence[Chart],
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    named: Sequence[str] = (),
    *,
    or_children: bool = False,
) -> list[ChartRuns]:
    """Like `read_runs_of_charts`, without a request: the runs that `viewer` can see.

    A page for visitors never shows child runs that its view leaves out.
    """
    found = _find_chosen_runs(spec, charts, viewer, workspace, named)
    if found is not None:
        # Charts of a page often share metrics, so their heads are read together.
        metrics = [field for chart in charts for field in _metrics_with_points(chart)]
        heads = read_metric_heads(found.runs, metrics)
        return [replace(found, heads=heads) for _chart in charts]
    who = (viewer, workspace, experiment)
    first = _find_runs_with_values(spec, charts, *who, or_children=or_children)
    every = {run.run.pk: run for each in first for run in each.runs}
    metrics = [field for chart in charts for field in _metrics_with_points(chart)]
    heads = read_metric_heads(list(every.values()), metrics)
    return [
        ChartRuns(
            each.runs[: chart.runs],
            heads,
            total=each.total,
            exact=each.is_exact,
            are_children=each.are_children,
        )
        for each, chart in zip(first, charts, strict=True)
    ]


def _find_chosen_runs(
    spec: ViewSpec,
    charts: Sequence[Chart],
    viewer: User,
    workspace: Workspace,
    named: Sequence[str],
) -> ChartRuns | None:
    """Return the named or selected runs; None if none is."""
    fields = [field for chart in charts for field in fields_to_read(chart)]
    if named:
        runs = find_chosen_runs(named, fields, viewer, workspace)
        deleted = len(named) - len(runs)
        return ChartRuns(runs, {}, chosen=True, deleted=deleted, by_place=True)
    selected = find_visible_selection(spec, viewer, workspace)
    if not selected.total:
        return None
    ids = _ids_by_color_number(selected_runs(selected, viewer, workspace, MAX_RUNS))
    runs = find_chosen_runs(ids, fields, viewer, workspace)
    deleted = len(selected.missing) + selected.gone
    return ChartRuns(runs, {}, chosen=True, deleted=deleted)


def _find_runs_with_values(
    spec: ViewSpec,
    charts: Sequence[Chart],
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    *,
    or_children: bool,
) -> list[FirstRuns]:
    """Return the runs of each chart; charts of the same metrics share a query."""
    by_term: dict[Node | None, list[Chart]] = {}
    for chart in charts:
        by_term.setdefault(drawn_values_term(chart), []).append(chart)
    found = {
        term: find_first_runs(
            spec,
            [field for chart in same for field in fields_to_read(chart)],
            max(chart.runs for chart in same),
            viewer,
            workspace,
            experiment=experiment,
            drawn=term,
            or_children=or_children,
        )
        for term, same in by_term.items()
    }
    return [found[drawn_values_term(chart)] for chart in charts]


def _ids_by_color_number(selected_runs: Sequence[SelectedRun]) -> list[str]:
    """Return each ID at the index of its number; empty texts fill the gaps."""
    # The index decides the color, so the numbers of deselected runs stay empty.
    ids = [""] * max(each.number for each in selected_runs)
    for each in selected_runs:
        ids[each.number - 1] = each.run.run_id
    return ids


def _metrics_with_points(chart: Chart) -> list[Field]:
    """Return the metrics whose points a chart draws; others give one value."""
    if not CHART_KINDS[chart.kind].draws_points:
        return []
    return [*chart.fields, *filter(None, [chart.x_metric])]
