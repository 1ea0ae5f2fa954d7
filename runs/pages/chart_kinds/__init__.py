"""The kinds of charts of a list of runs: each draws itself, lists and names itself.

`studio.core.view_charts` has how each is written in an address, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from runs.pages.chart_kinds.bars import BARS
from runs.pages.chart_kinds.chart_runs import (
    ChartRuns,
    read_chart_runs,
    read_runs_of_charts,
    read_runs_of_charts_for,
)
from runs.pages.chart_kinds.histogram import HISTOGRAM
from runs.pages.chart_kinds.kind import (
    ChartKind,
    ChartTable,
    ChartTableRow,
    Drawing,
    Figure,
)
from runs.pages.chart_kinds.lines import LINES
from runs.pages.chart_kinds.notes import run_notes
from runs.pages.chart_kinds.parallel import PARALLEL
from runs.pages.chart_kinds.scatter import SCATTER
from runs.search.charts import AxisRange
from studio.core.view_charts import Chart

__all__ = [
    "KINDS",
    "ChartKind",
    "ChartRuns",
    "ChartTable",
    "ChartTableRow",
    "Drawing",
    "Figure",
    "build_table",
    "chart_note",
    "chart_title",
    "draw_chart",
    "kind_of",
    "read_chart_runs",
    "read_runs_of_charts",
    "read_runs_of_charts_for",
]

KINDS: Mapping[str, ChartKind] = {
    kind.name: kind for kind in (LINES, SCATTER, BARS, HISTOGRAM, PARALLEL)
}


def kind_of(chart: Chart) -> ChartKind:
    return KINDS[chart.kind]


def draw_chart(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, window: AxisRange | None = None
) -> Drawing:
    """The figure of any kind; `window` narrows the x axis of lines."""
    drawing = kind_of(chart).figure(chart, chart_runs, zone, window)
    return Drawing(drawing.figure, [*drawing.notes, *run_notes(chart_runs)])


def build_table(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, workspace: str
) -> ChartTable:
    """What it shows, for readers who do not see or run it.

    Without a workspace's name its rows lead nowhere.
    """
    return kind_of(chart).table(chart, chart_runs, zone, workspace)


def chart_title(chart: Chart) -> str:
    return kind_of(chart).title(chart)


def chart_note(chart: Chart) -> str:
    """How it is drawn: `by step`, `smoothed 0.3`, `mean ± std by params.lr`."""
    kind = kind_of(chart)
    return ", ".join(kind.notes(chart) or [kind.word()])
