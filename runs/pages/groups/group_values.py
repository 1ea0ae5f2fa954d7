"""Values and statistics of groups: filter terms and texts for them."""

from __future__ import annotations

import math
import sys

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.models import Run
from runs.render import formats
from runs.render.filters import field_label, local_moment
from runs.search.fields import local_day_of
from runs.search.groups import GroupStats
from studio.core.filters import Field
from studio.core.filters.field_spec import BOOLEAN, NUMBER, TIME
from studio.core.filters.fields import read_time, value_type
from studio.core.filters.tree import (
    ATTRIBUTE,
    METRICS,
    TAGS,
    Comparison,
    Flag,
    Moment,
    Node,
    Number,
    Text,
    Value,
    all_of,
    negate,
)

#: The range of numbers that statistics include.
FINITE = (Number(-sys.float_info.max), Number(sys.float_info.max))


def group_value_term(
    field: Field, value: str | None, *, is_mixed: bool = False
) -> Node:
    """Return the term for the runs with this value; None means no value.

    With `is_mixed`, runs also have other types of data in the field.
    """
    # These runs have NaN, Infinity or text: a group of numbers counts them as without
    # value.
    if value is None and field.kind == METRICS and is_mixed:
        return negate(Comparison(field, "between", FINITE))
    if value is None:
        return Comparison(field, "is null")
    if value == "" and field.kind == TAGS:
        word = Comparison(field, "is not null")
        # A tag alone matches every value of it, so texts of any length are excluded.
        no_text = Comparison(field, "not like", (Text("_%"),))
        return all_of(word, no_text) if is_mixed else word
    day = read_time(value) if value_type(field) == TIME else None
    if isinstance(day, Moment):
        return _day_term(field, day)
    return Comparison(field, "=", (_filter_value(field, value),))


def _day_term(field: Field, day: Moment) -> Node:
    """Return the term for the whole day, which is no 24 hours where clocks change."""
    whole = local_day_of(day.start, timezone.get_current_timezone())
    if whole == day:
        return Comparison(field, "=", (day,))
    start, end = local_moment(whole.start), local_moment(whole.end)
    return all_of(Comparison(field, ">=", (start,)), Comparison(field, "<", (end,)))


def group_value_text(field: Field, value: str) -> str:
    """Return a group's value as text: a day is written as everywhere on the page."""
    day = read_time(value) if value_type(field) == TIME else None
    if not isinstance(day, Moment):
        return value
    zone = timezone.get_current_timezone()
    return formats.date_words(day.start, zone, to_the_day=True)


def _filter_value(field: Field, value: str) -> Value:
    """The value of a group, which is written as in a filter, by the field's type."""
    kind = value_type(field)
    if field.kind == METRICS:
        return Number(float(value))
    if kind == BOOLEAN:
        return Flag(value == "true")
    if kind == NUMBER:
        return Number(int(value))
    return Text(value)


def short_field_label(field: Field) -> str:
    """Return the key without its kind; for an attribute, its label."""
    return field_label(field) if field.kind == ATTRIBUTE else field.key


def stats_tooltip(stats: GroupStats, low: str, high: str, best: Run | None) -> str:
    """Return the statistics that the cell does not show."""
    text = ngettext("%(n)s value", "%(n)s values", stats.count)
    lines = [
        text % {"n": formats.grouped(stats.count)} + f", {low} – {high}",
        _("mean %(mean)s") % {"mean": repr(stats.mean)},
    ]
    if math.isfinite(stats.std):
        lines.append(_("standard deviation %(std)s") % {"std": repr(stats.std)})
    if best is not None:
        lines.append(_("best run: %(name)s") % {"name": best.name})
    if stats.nonfinite:
        lines.append(nonfinite_note(stats))
    return "\n".join(lines)


def nonfinite_note(stats: GroupStats) -> str:
    if not stats.nonfinite:
        return ""
    text = ngettext(
        "%(n)s run has NaN, Infinity or text and is not shown",
        "%(n)s runs have NaN, Infinity or text and are not shown",
        stats.nonfinite,
    )
    return text % {"n": formats.grouped(stats.nonfinite)}
