"""Charts as plain JSON for Plotly, sparklines, and smoothing."""

from __future__ import annotations

from runs.render.charts.accuracy_curves import (
    CurveKind,
    accuracy_curves_figure,
)
from runs.render.charts.axes import (
    Axis,
    Figure,
    clock_time,
    escape_plotly_markup,
)
from runs.render.charts.evaluation_figures import (
    prediction_figure,
    residual_histogram,
    rows_of_figure,
    table_columns_figure,
)
from runs.render.charts.histograms import (
    bin_label,
    count_bins,
    histogram_figure,
)
from runs.render.charts.line_dashes import (
    SOLID,
    dash_of_position,
    dash_of_run_number,
    dashes_by_age,
)
from runs.render.charts.metric_lines import (
    Line,
    mark_moment,
    metric_figure,
    smooth_values,
    time_unit,
)
from runs.render.charts.multi_run_lines import (
    Band,
    ChartLook,
    RunLine,
    fit_range,
    line_figure,
)
from runs.render.charts.nonfinite_markers import (
    is_nonfinite,
)
from runs.render.charts.parallel import (
    Dimension,
    parallel_figure,
)
from runs.render.charts.scatter_and_bars import (
    ChartDot,
    bar_figure,
    scatter_figure,
)
from runs.render.charts.smoothing import (
    smooth_at,
)
from runs.render.charts.sparkline import (
    draw_sparkline,
)

__all__ = [
    "SOLID",
    "Axis",
    "Band",
    "ChartDot",
    "ChartLook",
    "CurveKind",
    "Dimension",
    "Figure",
    "Line",
    "RunLine",
    "accuracy_curves_figure",
    "bar_figure",
    "bin_label",
    "clock_time",
    "count_bins",
    "dash_of_position",
    "dash_of_run_number",
    "dashes_by_age",
    "draw_sparkline",
    "escape_plotly_markup",
    "fit_range",
    "histogram_figure",
    "is_nonfinite",
    "line_figure",
    "mark_moment",
    "metric_figure",
    "parallel_figure",
    "prediction_figure",
    "residual_histogram",
    "rows_of_figure",
    "scatter_figure",
    "smooth_at",
    "smooth_values",
    "table_columns_figure",
    "time_unit",
]
