"""A run's metric points."""

from runs.search.metrics.joined_points import (
    AxisPoints,
    draw_line_over,
    join_on_steps,
    numeric_points,
)
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
    "AxisPoints",
    "DrawnLine",
    "PointRange",
    "TimeSpan",
    "draw_line",
    "draw_line_over",
    "find_metrics_by_name",
    "has_numbers",
    "join_on_steps",
    "newest_step_rows",
    "numeric_points",
    "sparkline_points",
    "time_origin",
    "time_span",
]
