"""What a chart type declares on the server: labels, figure, table and legend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.render.filters import field_label
from runs.render.metrics import DisplayValue
from runs.search.charts import AxisRange, ChartGroup
from studio.core.view_charts import Chart

#: How many fields a title names.
MAX_NAMED_FIELDS = 3


def title_of_fields(chart: Chart) -> str:
    labels = [field_label(field) for field in chart.fields]
    shown = ", ".join(labels[:MAX_NAMED_FIELDS])
    if len(labels) > MAX_NAMED_FIELDS:
        shown += f" +{len(labels) - MAX_NAMED_FIELDS}"
    return shown


def grouping_notes(chart: Chart) -> list[str]:
    """`mean ± std by params.lr`, where the chart has groups."""
    if not chart.groups:
        return []
    names = ", ".join(field_label(field) for field in chart.groups)
    spread = {
        "std": _("mean ± std"),
        "minmax": _("mean, min to max"),
        "none": pgettext("groups of a chart", "mean"),
    }[chart.band]
    by = (
        pgettext("groups of a chart", "by all but %s")
        if chart.all_but
        else pgettext("groups of a chart", "by %s")
    )
    return [f"{spread} {by % names}"]


def group_label(group: ChartGroup) -> str:
    """`lr = 0.1, model = resnet50`; `no model` for a missing value."""
    if not group.values:
        return pgettext("groups of a chart", "all runs")
    return ", ".join(
        f"{name} = {value}"
        if value is not None
        else pgettext("groups of a chart", "no %s") % name
        for name, value in group.values
    )


Figure = dict[str, Any]


@dataclass(frozen=True)
class FigureWithNotes:
    """A figure and its notes: what was left out, and why."""

    figure: Figure
    notes: list[str]


@dataclass(frozen=True)
class ChartTableRow:
    """`series` is the color's number, 0 for none; `href` leads to the run."""

    name: str
    cells: list[DisplayValue]
    series: int = 0
    href: str = ""


@dataclass(frozen=True)
class ChartTable:
    first: str
    heads: list[str]
    rows: list[ChartTableRow]
    #: Which of the runs that have the values are listed; empty for all.
    note: str = ""


def _no_notes(_chart: Chart) -> list[str]:
    return []


def _never_colored_by_field(_chart: Chart) -> bool:
    return False


@dataclass(frozen=True)
class ChartKind:
    """A chart type on the server; its name is the one of its `ChartSpec`.

    `label` names it in menus; `word` stands next to the title of a chart without
    `notes`. Both are functions, because the language depends on the request. `points`
    are the rows of the CSV file; without them, the file has those of the table. With
    `has_legend`, colors stand for runs or groups, unless it `is_colored_by_field`.
    """

    name: str
    label: Callable[[], str]
    word: Callable[[], str]
    figure: Callable[[Chart, ChartRuns, tzinfo, AxisRange | None], FigureWithNotes]
    table: Callable[[Chart, ChartRuns, tzinfo, str], ChartTable]
    title: Callable[[Chart], str] = title_of_fields
    notes: Callable[[Chart], list[str]] = _no_notes
    points: Callable[[Chart, ChartRuns], Iterator[Sequence[object]]] | None = None
    has_legend: bool = False
    is_colored_by_field: Callable[[Chart], bool] = _never_colored_by_field
    icon: str = "line"
    #: The ARIA role of the plot: one image, or a group of controls.
    role: str = "img"
