"""What charts and the groups in them are called."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.render.numbers import number
from runs.render.pills import field_label
from runs.search.run_groups import RunGroup
from studio.core.viewcharts import Chart

#: How many fields a title names.
NAMED = 3


def title_of(chart: Chart) -> str:
    labels = [field_label(field) for field in chart.fields]
    if chart.kind == "scatter":
        return _("%(y)s over %(x)s") % {"y": labels[1], "x": labels[0]}
    shown = ", ".join(labels[:NAMED])
    if len(labels) > NAMED:
        shown += f" +{len(labels) - NAMED}"
    return shown


def note_of(chart: Chart) -> str:
    """How it is drawn: `by step`, `smoothed 0.3`, `mean ± std by params.lr`."""
    said = []
    if chart.kind == "scatter" and len(chart.fields) > 2:
        said.append(_("coloured by %s") % field_label(chart.fields[2]))
    if chart.groups:
        said.append(_grouped(chart))
    if chart.smoothing:
        said.append(_("smoothed %s") % number(chart.smoothing))
    if chart.kind == "line" and (chart.axis != "step" or not said):
        said.append(_by(chart))
    if not said:
        said.append(
            {
                "bar": _("bars"),
                "histogram": _("histogram"),
                "parallel": _("parallel coordinates"),
                "scatter": _("scatter"),
            }[chart.kind]
        )
    return ", ".join(said)


def _by(chart: Chart) -> str:
    over = chart.x_metric
    if over is not None:
        return _("by %s") % field_label(over)
    return {
        "step": _("by step"),
        "relative": _("by time since the start"),
        "time": _("by time"),
    }[chart.axis]


def _grouped(chart: Chart) -> str:
    names = ", ".join(field_label(field) for field in chart.groups)
    spread = {
        "std": _("mean ± std"),
        "minmax": _("mean, min to max"),
        "none": _("mean"),
    }[chart.band]
    by = _("by all but %s") if chart.all_but else _("by %s")
    return f"{spread} {by % names}"


def group_label(group: RunGroup) -> str:
    """`lr = 0.1, model = resnet50`; what has no value says so."""
    if not group.values:
        return _("all runs")
    return ", ".join(
        f"{name} = {value}" if value is not None else _("no %s") % name
        for name, value in group.values
    )
