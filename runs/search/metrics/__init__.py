"""A run's metric points."""

from runs.search.metrics.metrics import (
    CHART_POINTS,
    NUMERIC_KINDS,
    DrawnLine,
    PointRange,
    TimeSpan,
    draw_line,
    find_metrics_by_name,
    has_numbers,
    newest_step_rows,
    sparkline_points,
    time_origin,
    time_span,
)

__all__ = [
    "CHART_POINTS",
    "NUMERIC_KINDS",
    "DrawnLine",
    "PointRange",
    "TimeSpan",
    "draw_line",
    "find_metrics_by_name",
    "has_numbers",
    "newest_step_rows",
    "sparkline_points",
    "time_origin",
    "time_span",
]
