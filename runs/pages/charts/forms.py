"""The form of the dialog that adds or changes a chart."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from runs.pages.requests import FlagField, PageForm, TextField, TextListField
from studio.core import view_text
from studio.core.chart_kinds import CHART_KINDS, MAX_FIELDS
from studio.core.errors import InvalidValue
from studio.core.filters import field_text
from studio.core.filters.tree import METRICS, PARAMS, Field, metric
from studio.core.view_charts import FULL_RANGE, Chart, read_chart

DEFAULT_KIND = "line"
#: Empty inputs for more fields.
EMPTY_FIELD_INPUTS = 2


class ChartForm(PageForm):
    """Texts only: `chart` reads them, and an invalid text stays in its input."""

    kind = TextField(default=DEFAULT_KIND)
    field = TextListField()
    x = TextField(default="step")
    #: The metric of the x axis, if `x` is "metric".
    over = TextField()
    smooth = TextField(default="0")
    logx = FlagField()
    logy = FlagField()
    low = TextField()
    high = TextField()
    full = FlagField()
    xlow = TextField()
    xhigh = TextField()
    legend = TextField()
    #: The fields to group runs by; with `but`, the fields not to group by.
    same = TextField()
    but = FlagField()
    band = TextField(default="std")
    runs = TextField()
    bins = TextField()

    def clean_kind(self) -> str:
        kind = str(self.cleaned_data["kind"])
        return kind if kind in CHART_KINDS else DEFAULT_KIND

    def clean_field(self) -> list[str]:
        return list(self.cleaned_data["field"][:MAX_FIELDS])

    @classmethod
    def of_chart(cls, chart: Chart) -> ChartForm:
        """Return the form filled with the texts of a chart."""
        y_range = "" if chart.has_full_range else chart.option("range")
        low, _tilde, high = y_range.partition("~")
        x_low, _tilde, x_high = chart.option("xrange").partition("~")
        x_metric = chart.x_metric
        return cls(
            {
                "kind": chart.kind,
                "field": [field_text(field) for field in chart.fields],
                "x": "metric" if x_metric else chart.axis,
                "over": field_text(x_metric) if x_metric else "",
                "smooth": chart.option("smooth", "0"),
                "logx": str(int(chart.log_x)),
                "logy": str(int(chart.log_y)),
                "low": low,
                "high": high,
                "full": str(int(chart.has_full_range)),
                "xlow": x_low,
                "xhigh": x_high,
                "legend": chart.option("legend"),
                "same": ",".join(field_text(field) for field in chart.groups),
                "but": str(int(chart.all_but)),
                "band": chart.band,
                "runs": chart.option("runs"),
                "bins": chart.option("bins"),
            }
        )

    def field_inputs(self) -> list[str]:
        """Return the text of each field's input, the last ones empty."""
        fields = self.check()["field"]
        count = min(max(len(fields) + 1, 1 + EMPTY_FIELD_INPUTS), MAX_FIELDS)
        return [*fields, *[""] * (count - len(fields))]

    def chart(self) -> Chart:
        """Return the chart that the texts describe; raise InvalidValue."""
        values = self.check()
        has_x = "x" in CHART_KINDS[values["kind"]].options
        if has_x and values["x"] == "metric" and not values["over"]:
            raise InvalidValue(_("Choose the metric of the x axis"), field="over")
        options = [*_chart_options(values), *_grouping_options(values)]
        text = "!".join(
            [
                values["kind"],
                *(_complete_field_name(name) for name in values["field"]),
                *(f"{name}={value}" for name, value in options),
            ]
        )
        # The text is read like an address, so that the form has no rules of its own.
        return read_chart(text, "chart")


def _chart_options(values: dict[str, Any]) -> list[tuple[str, str]]:
    is_metric = values["x"] == "metric"
    options = {
        "x": _complete_field_name(values["over"]) if is_metric else values["x"],
        "smooth": values["smooth"],
        "log": "x" * values["logx"] + "y" * values["logy"],
        "range": _range_text(values["low"], values["high"])
        or FULL_RANGE * values["full"],
        "xrange": _range_text(values["xlow"], values["xhigh"]),
        "legend": values["legend"],
        "band": values["band"],
        "runs": values["runs"],
        "bins": values["bins"],
    }
    return [(name, text) for name, text in options.items() if text]


def _grouping_options(values: dict[str, Any]) -> list[tuple[str, str]]:
    sign = "-" if values["but"] else ""
    return [
        ("group", f"{sign}{_complete_field_name(name, PARAMS)}")
        for name in view_text.split_outside_quotes(values["same"], ",", "group")
    ]


def _range_text(low: str, high: str) -> str:
    return f"{low}~{high}" if low or high else ""


def _complete_field_name(name: str, kind: str = METRICS) -> str:
    """Return a field's name; a bare word is the key of a metric or parameter."""
    try:
        return field_text(view_text.read_field(name, "chart"))
    except InvalidValue:
        # A dot outside of quotes means a field with its kind, so the error is about
        # that.
        if "." in name.partition('"')[0]:
            raise
        return field_text(metric(name) if kind == METRICS else Field(kind, name))
