"""Chart types of a list of runs: each has its figure, table, title and notes.

`studio.core.view_charts` has their options in addresses, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo

from runs.pages.chart_kinds.bars import BARS
from runs.pages.chart_kinds.chart_runs import (
    ChartRuns,
    read_chart_runs,
    read_runs_of_charts,
    read_runs_of_charts_for_viewer,
)
from runs.pages.chart_kinds.histogram import HISTOGRAM
from runs.pages.chart_kinds.kind import (
    ChartKind,
    ChartTable,
    ChartTableRow,
    Figure,
    FigureWithNotes,
)
from runs.pages.chart_kinds.legend import MAX_LEGEND_ENTRIES, has_legend
from runs.pages.chart_kinds.lines import LINES
from runs.pages.chart_kinds.notes import (
    first_runs_note,
    omitted_run_notes,
    range_switch,
    sampling_note,
)
from runs.pages.chart_kinds.parallel import PARALLEL
from runs.pages.chart_kinds.scatter import SCATTER
from runs.search.charts import AxisRange
from studio.core.view_charts import Chart

__all__ = [
    "KINDS",
    "MAX_LEGEND_ENTRIES",
    "ChartKind",
    "ChartRuns",
    "ChartTable",
    "ChartTableRow",
    "Figure",
    "FigureWithNotes",
    "build_table",
    "chart_note",
    "chart_title",
    "draw_chart",
    "first_runs_note",
    "has_legend",
    "kind_of",
    "range_switch",
    "read_chart_runs",
    "read_runs_of_charts",
    "read_runs_of_charts_for_viewer",
    "sampling_note",
]

KINDS: Mapping[str, ChartKind] = {
    kind.name: kind for kind in (LINES, SCATTER, BARS, HISTOGRAM, PARALLEL)
}


def kind_of(chart: Chart) -> ChartKind:
    return KINDS[chart.kind]


def draw_chart(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, window: AxisRange | None = None
) -> FigureWithNotes:
    """Draw a chart of any type; `window` narrows the x axis of lines."""
    drawing = kind_of(chart).figure(chart, chart_runs, zone, window)
    return FigureWithNotes(
        drawing.figure, [*drawing.notes, *omitted_run_notes(chart_runs)]
    )


def build_table(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, workspace: str
) -> ChartTable:
    """Return the chart as a table, for screen readers and pages without scripts.

    Rows link to their runs if `workspace` is not empty.
    """
    table = kind_of(chart).table(chart, chart_runs, zone, workspace)
    return replace(table, note=first_runs_note(chart, chart_runs))


def chart_title(chart: Chart) -> str:
    return kind_of(chart).title(chart)


def chart_note(chart: Chart) -> str:
    """Describe how the chart is drawn, as in `by step, smoothed 0.3`."""
    kind = kind_of(chart)
    return ", ".join(kind.notes(chart) or [kind.word()])
