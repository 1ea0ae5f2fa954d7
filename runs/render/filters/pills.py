"""A filter's terms as people read them: `Status: Failed, Canceled`, `Submitted: …`."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.render.text import numbers, times
from studio.core.filters import fields, to_text
from studio.core.filters.text import field_text
from studio.core.filters.tree import (
    ATTRIBUTE,
    Ago,
    Comparison,
    Duration,
    Field,
    Flag,
    Moment,
    Node,
    Number,
    Text,
    Value,
    Word,
)

#: Operators as signs; the ones that are missing here are said in words.
SIGNS = {"=": "", "in": "", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}


def field_label(field: Field) -> str:
    """`Submitted`, `params.lr`, `val/acc`, `val/acc max`."""
    if field.kind == ATTRIBUTE:
        return _(fields.spec_of(field).label)
    if field.kind == "metrics":
        aggregate = "" if field.aggregate in ("", "last") else f" {field.aggregate}"
        return field.key + aggregate
    if field.kind == "children":
        children = _("Child runs")
        return children if field.key == "count" else f"{children}: {field.key}"
    return field_text(field)


def pill(term: Node) -> tuple[str, str]:
    """What a term is about, and what it asks of that."""
    if isinstance(term, Word):
        return _("Text"), term.text
    if not isinstance(term, Comparison):
        return "", to_text(term)
    label = field_text(term.field)
    if term.field.kind == ATTRIBUTE:
        label = field_label(term.field)
    return label, _asked(term)


def _asked(term: Comparison) -> str:
    values = [value_text(value) for value in term.values]
    if term.op == "between":
        return _("%(low)s to %(high)s") % {"low": values[0], "high": values[1]}
    if term.op == "is null":
        return _("none")
    if term.op == "is not null":
        return _("any")
    recent = isinstance(term.values[0], Ago) and term.op in (">", ">=")
    if recent:
        return _("last %s") % values[0]
    sign = SIGNS.get(term.op, _(term.op))
    return f"{sign} {', '.join(values)}".strip()


def value_text(value: Value) -> str:
    if isinstance(value, Text):
        return value.text or _("(empty)")
    if isinstance(value, Number):
        return numbers.number(value.value)
    if isinstance(value, Flag):
        return _("yes") if value.value else _("no")
    if isinstance(value, Ago):
        return _ago(value.ms)
    if isinstance(value, Duration):
        return times.duration(value.ms)
    return _moment(value)


def _ago(length: int) -> str:
    if length and length % times.DAY == 0:
        days = length // times.DAY
        return _("day") if days == 1 else ngettext("%d day", "%d days", days) % days
    return times.duration(length)


def _moment(value: Moment) -> str:
    return times.utc_text(value.start, to_the_day=value.unit in ("day", "month"))
