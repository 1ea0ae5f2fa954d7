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
from studio.core.filters.tree import Field
from studio.core.view_charts import MAX_RUNS, Chart
from studio.core.view_spec import ViewSpec


@dataclass(frozen=True)
class ChartRuns:
    """The runs of a chart, and the heads of the metrics that it draws.

    With `chosen`, the reader chose these runs; otherwise `more` tells that more runs
    match. `deleted` is the number of chosen runs that no longer exist. With `by_place`,
    each run has its own dash, as in the columns of the Compare page.
    """

    runs: Sequence[ChartRun]
    heads: Mapping[tuple[int, str], Metric]
    chosen: bool = False
    more: bool = False
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
    return read_runs_of_charts_for_viewer(state.spec, charts, *who, named)


def read_runs_of_charts_for_viewer(
    spec: ViewSpec,
    charts: Sequence[Chart],
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    named: Sequence[str] = (),
) -> list[ChartRuns]:
    """Like `read_runs_of_charts`, without a request: the runs that `viewer` can see."""
    found = _find_runs_to_draw(spec, charts, viewer, workspace, experiment, named)
    # Charts of a page often share metrics, so their heads are read together.
    metrics = [field for chart in charts for field in _metrics_with_points(chart)]
    heads = read_metric_heads(found.runs, metrics)
    return [
        _limit_runs_of_chart(replace(found, heads=heads), chart) for chart in charts
    ]


def _find_runs_to_draw(
    spec: ViewSpec,
    charts: Sequence[Chart],
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    named: Sequence[str],
) -> ChartRuns:
    fields = [field for chart in charts for field in fields_to_read(chart)]
    if named:
        runs = find_chosen_runs(named, fields, viewer, workspace)
        deleted = len(named) - len(runs)
        return ChartRuns(runs, {}, chosen=True, deleted=deleted, by_place=True)
    selected = find_visible_selection(spec, viewer, workspace)
    if selected.total:
        ids = _ids_by_color_number(selected_runs(selected, viewer, workspace, MAX_RUNS))
        runs = find_chosen_runs(ids, fields, viewer, workspace)
        deleted = len(selected.missing) + selected.gone
        return ChartRuns(runs, {}, chosen=True, deleted=deleted)
    # One query reads the runs for the chart that shows most; the others take the first.
    limit = max(chart.runs for chart in charts)
    runs, more = find_first_runs(
        spec, fields, limit, viewer, workspace, experiment=experiment
    )
    return ChartRuns(runs, {}, more=more)


def _ids_by_color_number(selected_runs: Sequence[SelectedRun]) -> list[str]:
    """Return each ID at the index of its number; empty texts fill the gaps."""
    # The index decides the color, so the numbers of deselected runs stay empty.
    ids = [""] * max(each.number for each in selected_runs)
    for each in selected_runs:
        ids[each.number - 1] = each.run.run_id
    return ids


def _limit_runs_of_chart(chart_runs: ChartRuns, chart: Chart) -> ChartRuns:
    if chart_runs.chosen:
        return chart_runs
    more = chart_runs.more or len(chart_runs.runs) > chart.runs
    return replace(chart_runs, runs=chart_runs.runs[: chart.runs], more=more)


def _metrics_with_points(chart: Chart) -> list[Field]:
    """Return the metrics whose points a chart draws; others give one value."""
    if not CHART_KINDS[chart.kind].draws_points:
        return []
    return [*chart.fields, *filter(None, [chart.x_metric])]
