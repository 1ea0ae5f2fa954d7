"""Words of charts and of the groups in them that several kinds use."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.render.filters import field_label
from runs.search.charts import ChartGroup
from studio.core.view_charts import Chart

#: How many fields a title names.
MAX_NAMED_FIELDS = 3


def fields_title(chart: Chart) -> str:
    labels = [field_label(field) for field in chart.fields]
    shown = ", ".join(labels[:MAX_NAMED_FIELDS])
    if len(labels) > MAX_NAMED_FIELDS:
        shown += f" +{len(labels) - MAX_NAMED_FIELDS}"
    return shown


def group_notes(chart: Chart) -> list[str]:
    """`mean ± std by params.lr`, where the chart has groups."""
    if not chart.groups:
        return []
    names = ", ".join(field_label(field) for field in chart.groups)
    spread = {
        "std": _("mean ± std"),
        "minmax": _("mean, min to max"),
        "none": _("mean"),
    }[chart.band]
    by = _("by all but %s") if chart.all_but else _("by %s")
    return [f"{spread} {by % names}"]


def group_label(group: ChartGroup) -> str:
    """`lr = 0.1, model = resnet50`; what has no value says so."""
    if not group.values:
        return _("all runs")
    return ", ".join(
        f"{name} = {value}" if value is not None else _("no %s") % name
        for name, value in group.values
    )
