"""What the dialog of a chart holds: texts on the way to a chart, or from one."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from studio.core import viewtext
from studio.core.chart_kinds import CHART_KINDS, MAX_FIELDS
from studio.core.errors import InvalidValue
from studio.core.filters import field_text
from studio.core.filters.tree import METRICS, PARAMS, Field, metric
from studio.core.viewcharts import Chart, read_chart

#: Empty boxes for further fields.
SPARE = 2


@dataclass(frozen=True)
class Draft:
    """The form's texts, whatever they are worth."""

    kind: str
    fields: tuple[str, ...]
    x: str = "step"
    over: str = ""
    smooth: str = "0"
    logx: bool = False
    logy: bool = False
    low: str = ""
    high: str = ""
    legend: str = ""
    group: str = ""
    but: bool = False
    band: str = "std"
    runs: str = ""
    bins: str = ""
    xlow: str = ""
    xhigh: str = ""

    @property
    def boxes(self) -> list[str]:
        count = max(len(self.fields) + 1, 1 + SPARE)
        return [*self.fields, *[""] * (min(count, MAX_FIELDS) - len(self.fields))]


def chart_of(draft: Draft) -> Chart:
    """The chart that the form means; raises InvalidValue."""
    options = {
        "x": f"{_field(draft.over)}" if draft.x == "metric" else draft.x,
        "smooth": draft.smooth,
        "log": "x" * draft.logx + "y" * draft.logy,
        "range": _ends(draft.low, draft.high),
        "xrange": _ends(draft.xlow, draft.xhigh),
        "legend": draft.legend,
        "band": draft.band,
        "runs": draft.runs,
        "bins": draft.bins,
    }
    has_x = "x" in CHART_KINDS[draft.kind].options
    if has_x and draft.x == "metric" and not draft.over:
        raise InvalidValue(_("Name the metric of the x axis"), field="over")
    sign = "-" if draft.but else ""
    groups = [
        ("group", f"{sign}{_field(name, PARAMS)}")
        for name in viewtext.split(draft.group, ",", "group")
    ]
    given = [(name, text) for name, text in options.items() if text]
    text = "!".join(
        [
            draft.kind,
            *(_field(name) for name in draft.fields),
            *(f"{name}={value}" for name, value in [*given, *groups]),
        ]
    )
    return read_chart(text, "chart")


def _ends(low: str, high: str) -> str:
    return f"{low}~{high}" if low or high else ""


def _field(name: str, kind: str = METRICS) -> str:
    """A field's name; a bare word that is none is the key of a metric or parameter."""
    try:
        return field_text(viewtext.read_field(name, "chart"))
    except InvalidValue:
        if "." in name.partition('"')[0]:
            raise
        return field_text(metric(name) if kind == METRICS else Field(kind, name))


def draft_of(chart: Chart) -> Draft:
    low, _tilde, high = chart.option("range").partition("~")
    x_low, _tilde, x_high = chart.option("xrange").partition("~")
    over = chart.x_metric
    return Draft(
        chart.kind,
        tuple(field_text(field) for field in chart.fields),
        "metric" if over else chart.axis,
        field_text(over) if over else "",
        chart.option("smooth", "0"),
        chart.log_x,
        chart.log_y,
        low,
        high,
        chart.option("legend"),
        ",".join(field_text(field) for field in chart.groups),
        chart.all_but,
        chart.band,
        chart.option("runs"),
        chart.option("bins"),
        x_low,
        x_high,
    )
