"""The runs and lines that charts draw."""

from runs.search.charts.chart_values import ChartColumn, chart_column
from runs.search.charts.drawn_runs import (
    ChartRun,
    FirstRuns,
    drawn_values_term,
    find_chosen_runs,
    find_first_runs,
    read_metric_heads,
)
from runs.search.charts.grouped_runs import ChartGroup, chart_groups, group_of_all
from runs.search.charts.mean_curves import MeanCurve, draw_mean_curves
from runs.search.charts.run_curves import (
    MAX_LINES,
    AxisRange,
    ChosenSeries,
    choose_series,
    draw_curves,
)

__all__ = [
    "MAX_LINES",
    "AxisRange",
    "ChartColumn",
    "ChartGroup",
    "ChartRun",
    "ChosenSeries",
    "FirstRuns",
    "MeanCurve",
    "chart_column",
    "chart_groups",
    "choose_series",
    "draw_curves",
    "draw_mean_curves",
    "drawn_values_term",
    "find_chosen_runs",
    "find_first_runs",
    "group_of_all",
    "read_metric_heads",
]
