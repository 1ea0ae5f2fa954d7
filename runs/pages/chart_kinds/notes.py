"""Notes of a chart: what it does not show, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import title_of_fields
from runs.render.charts import is_nonfinite
from runs.render.filters import field_label
from runs.render.formats import grouped
from runs.search.charts import ChartColumn, ChosenSeries
from studio.core.view_charts import Chart


def sampling_note(shown: int, total: int) -> str:
    return _("%(shown)s of %(total)s points. All extremes are kept.") % {
        "shown": grouped(shown),
        "total": grouped(total),
    }


def range_switch(outside: int, *, is_full: bool) -> dict[str, str] | None:
    """How many lines leave the range, or would; and what the other range is named."""
    if not outside:
        return None
    if is_full:
        return {"text": _("Outliers flatten the other lines."), "label": _("Fit lines")}
    text = ngettext("%s line leaves the range.", "%s lines leave the range.", outside)
    return {"text": text % grouped(outside), "label": _("Full range")}


def off_axis_value_notes(lost_count: int, *, log: bool) -> list[str]:
    """Note the values that a histogram or a scatter chart can't place."""
    if not lost_count:
        return []
    text = ngettext(
        "%(n)s run with NaN or Infinity", "%(n)s runs with NaN or Infinity", lost_count
    )
    if log:
        text = ngettext(
            "%(n)s run can’t be shown on a logarithmic axis",
            "%(n)s runs can’t be shown on a logarithmic axis",
            lost_count,
        )
    return [text % {"n": grouped(lost_count)}]


def scatter_notes(
    chart: Chart, x_column: ChartColumn, y_column: ChartColumn
) -> list[str]:
    """Note the runs without a dot.

    A run whose y value alone is NaN or infinite has a mark at the top instead.
    """
    nonfinite = small = 0
    for x, y in zip(x_column.values, y_column.values, strict=True):
        if isinstance(x, float) and is_nonfinite(x):
            nonfinite += y is not None
        elif x is not None and y is not None:
            small += (chart.log_x and _is_zero_or_less(x)) or (
                chart.log_y and _is_zero_or_less(y)
            )
    return [
        *off_axis_value_notes(nonfinite, log=False),
        *off_axis_value_notes(small, log=True),
    ]


def log_axis_notes(chart: Chart, heights: Iterable[Sequence[object]]) -> list[str]:
    """Note values of 0 and less of lines and bars on a logarithmic axis."""
    if not chart.log_y or not any(
        _is_zero_or_less(v) for values in heights for v in values
    ):
        return []
    return [_("Values of 0 and less are not shown on a logarithmic axis")]


def _is_zero_or_less(value: object) -> bool:
    return isinstance(value, float) and value <= 0


def text_and_missing_value_notes(columns: Sequence[ChartColumn]) -> list[str]:
    notes = []
    for column in columns:
        label = field_label(column.field)
        # Texts became None in a column of numbers, but these runs are not without a
        # value.
        missing = sum(value is None for value in column.values) - column.lost
        if column.lost:
            text = ngettext(
                "%(n)s run has text for %(field)s",
                "%(n)s runs have text for %(field)s",
                column.lost,
            )
            notes.append(text % {"n": grouped(column.lost), "field": label})
        if missing:
            notes.append(missing_value_note(missing, label))
    return notes


def missing_value_note(count: int, label: str) -> str:
    text = ngettext(
        "%(n)s run without %(field)s", "%(n)s runs without %(field)s", count
    )
    return text % {"n": grouped(count), "field": label}


def undrawn_series_notes(chosen_series: ChosenSeries) -> list[str]:
    notes = []
    if chosen_series.missing:
        text = ngettext(
            "%s run without a value", "%s runs without a value", chosen_series.missing
        )
        notes.append(text % grouped(chosen_series.missing))
    if chosen_series.texts:
        text = npgettext(
            "note below a chart",
            "%s run logs text",
            "%s runs log text",
            chosen_series.texts,
        )
        notes.append(text % grouped(chosen_series.texts))
    if chosen_series.beyond:
        text = ngettext(
            "%s line can’t be drawn",
            "%s lines can’t be drawn",
            chosen_series.beyond,
        )
        notes.append(text % grouped(chosen_series.beyond))
    return notes


def omitted_run_notes(chart_runs: ChartRuns) -> list[str]:
    if not chart_runs.deleted:
        return []
    text = ngettext(
        "%s selected run no longer exists",
        "%s selected runs no longer exist",
        chart_runs.deleted,
    )
    return [text % grouped(chart_runs.deleted)]


def first_runs_note(chart: Chart, chart_runs: ChartRuns) -> str:
    """`10 of 1,094 runs with val/loss`; empty if all of them are drawn."""
    shown, total = len(chart_runs.runs), chart_runs.total
    # Chosen runs are all drawn.
    if chart_runs.chosen or (shown >= total and not chart_runs.are_children):
        return ""
    text = (
        npgettext(
            "note below a chart",
            "%(shown)s of %(total)s child run with %(field)s",
            "%(shown)s of %(total)s child runs with %(field)s",
            total,
        )
        if chart_runs.are_children
        else npgettext(
            "note below a chart",
            "%(shown)s of %(total)s run with %(field)s",
            "%(shown)s of %(total)s runs with %(field)s",
            total,
        )
    )
    return text % {
        "shown": grouped(shown),
        "total": f"{grouped(total)}{'' if chart_runs.exact else '+'}",
        "field": title_of_fields(chart),
    }
