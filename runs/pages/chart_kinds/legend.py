"""Whether a chart has a legend."""

from __future__ import annotations

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import ChartKind, Figure
from studio.core.view_charts import Chart

#: Maximum number of runs that a legend names by default.
MAX_LEGEND_ENTRIES = 20


def has_legend(
    kind: ChartKind, chart: Chart, chart_runs: ChartRuns, figure: Figure
) -> bool:
    """Whether to show the legend: checkboxes show the colors of selected runs."""
    if not kind.has_legend:
        return False
    legend = chart.option("legend")
    needs = not chart_runs.chosen or chart.groups or len(chart.fields) > 1
    few = (
        # Check boxes show the colors of runs, but nothing else names a group's color.
        bool(chart.groups)
        or _count_legend_entries(kind, chart, chart_runs, figure) <= MAX_LEGEND_ENTRIES
    )
    return legend == "1" or (legend != "0" and bool(needs) and few)


def _count_legend_entries(
    kind: ChartKind, chart: Chart, chart_runs: ChartRuns, figure: Figure
) -> int:
    """Return the number of colors in the legend: of runs, or of a third field."""
    if not kind.is_colored_by_field(chart):
        return len(chart_runs.runs)
    traces = [each for each in figure["data"] if each["meta"]["part"] == "dots"]
    return len({word for each in traces for word in each.get("customdata", ())})
