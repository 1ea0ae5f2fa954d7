"""A list's state in words: its filter, what differs from a view, what a view lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import (
    gettext_lazy,
    ngettext,
    npgettext,
    pgettext,
    pgettext_lazy,
)

from runs.render import formats
from runs.render.formats import status_label, translate_label
from studio.core import view_charts, view_text
from studio.core.errors import InvalidValue
from studio.core.filters import fields, to_text
from studio.core.filters.fields import field_text
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
from studio.core.statuses import RunStatus
from studio.core.view_differences import (
    ADDED,
    LIST_DEFAULT,
    OTHER,
    REMOVED,
    SWITCHES,
    Difference,
)

#: Operators as signs; operators that are missing here are written as words.
OPERATOR_SIGNS = {
    "=": "",
    "in": "",
    "!=": "≠",
    "<=": "≤",
    ">=": "≥",
    "<": "<",
    ">": ">",
}


def field_label(field: Field) -> str:
    """`Submitted`, `params.lr`, `val/acc`, `val/acc max`."""
    if field.kind == ATTRIBUTE:
        return translate_label(fields.spec_of(field).label)
    if field.kind == "metrics":
        is_last = field.aggregate in ("", "last")
        return field.key + ("" if is_last else f" {aggregate_label(field.aggregate)}")
    if field.kind == "children":
        children = _("Child runs")
        if field.key == "count":
            return children
        words = {status.value.lower(): status.value for status in RunStatus}
        label = status_label(words.get(field.key, field.key))
        return f"{children}: {label.lower()}"
    return field_text(field)


_AGGREGATES = {
    "last": pgettext_lazy("statistic", "last"),
    "first": pgettext_lazy("statistic", "first"),
    "min": pgettext_lazy("statistic", "min"),
    "max": pgettext_lazy("statistic", "max"),
    "count": pgettext_lazy("statistic", "count"),
}


def aggregate_label(aggregate: str) -> str:
    """A metric's `.min`, `.max`, … in the reader's language."""
    return str(_AGGREGATES.get(aggregate, aggregate))


def pill_texts(term: Node) -> tuple[str, str]:
    """What a term is about, and what it asks of that."""
    if isinstance(term, Word):
        return pgettext("words of a filter", "Text"), term.text
    # Terms such as alternatives have no single field, so the filter's own text is
    # shown.
    if not isinstance(term, Comparison):
        return "", to_text(term)
    label = field_text(term.field)
    if term.field.kind == ATTRIBUTE:
        label = field_label(term.field)
    return label, _term_words(term)


def _term_words(term: Comparison) -> str:
    values = [value_text(value) for value in term.values]
    if fields.value_type(term.field) == fields.STATUS:
        values = [status_label(value) for value in values]
    if term.op == "between":
        return _("%(low)s to %(high)s") % {"low": values[0], "high": values[1]}
    if term.op == "is null":
        return pgettext("filter on a field", "none")
    if term.op == "is not null":
        return pgettext("filter on a field", "any")
    recent = isinstance(term.values[0], Ago) and term.op in (">", ">=")
    if recent:
        return pgettext("filter on a time", "last %s") % values[0]
    sign = OPERATOR_SIGNS.get(term.op, pgettext("filter operator", term.op))
    return f"{sign} {', '.join(values)}".strip()


def value_text(value: Value) -> str:
    if isinstance(value, Text):
        return value.text or _("(empty)")
    if isinstance(value, Number):
        return formats.number(value.value)
    if isinstance(value, Flag):
        return _("yes") if value.value else _("no")
    if isinstance(value, Ago):
        return _ago_words(value.ms)
    if isinstance(value, Duration):
        return formats.duration(value.ms)
    return _moment_words(value)


def _ago_words(length: int) -> str:
    if length and length % formats.DAY == 0:
        days = length // formats.DAY
        return (
            pgettext("filter on a time", "day")
            if days == 1
            else ngettext("%d day", "%d days", days) % days
        )
    return formats.duration(length)


def local_day(when: datetime) -> Moment:
    """Return the 24 hours from midnight on, on the clock of the time."""
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    start = int(midnight.timestamp()) * 1000
    return Moment(start, start + formats.DAY, "day")


def local_moment(ms: int) -> Moment:
    """Return the millisecond on the reader's clock."""
    local = formats.local_time(ms, timezone.get_current_timezone())
    offset = local.utcoffset() or timedelta(0)
    return Moment(ms, ms + 1, "ms", offset // timedelta(minutes=1))


def _moment_words(value: Moment) -> str:
    """The time on the reader's clock; a day of another time zone says so."""
    zone = timezone.get_current_timezone()
    local = formats.local_time(value.start, zone)
    if value.unit not in ("day", "month"):
        return formats.date_words(value.start, zone, to_the_day=False)
    if local.hour == local.minute == 0:
        return formats.date_words(value.start, zone, to_the_day=True)
    if value.start % formats.DAY:
        time = formats.date_words(value.start, zone, to_the_day=False)
        return pgettext("filter on a time", "24 h from %(time)s") % {"time": time}
    return f"{formats.date_words(value.start, UTC, to_the_day=True)} UTC"


DIFFERENCE_SIGNS = {ADDED: "+", REMOVED: "−", OTHER: "~"}
_SWITCHES = {
    "children": gettext_lazy("child runs"),
    "flat": gettext_lazy("flat list"),
    "mine": gettext_lazy("only my runs"),
    "differs": gettext_lazy("only differences"),
    "archived": gettext_lazy("archived runs"),
    "only": gettext_lazy("only selected runs"),
    "facets": pgettext_lazy("changed part of a view", "facets"),
}
_WHOLE = {
    "order": gettext_lazy("order of columns"),
    "sort": pgettext_lazy("changed part of a view", "sort"),
    "group": pgettext_lazy("changed part of a view", "grouping"),
    "rows": gettext_lazy("rows per page"),
    "columns": pgettext_lazy("changed part of a view", "columns"),
    "list": pgettext_lazy("changed part of a view", "list"),
}
_CHARTS = {
    "line": pgettext_lazy("chart type", "lines"),
    "scatter": pgettext_lazy("chart type", "scatter"),
    "bar": pgettext_lazy("chart type", "bars"),
    "histogram": gettext_lazy("histogram"),
    "parallel": gettext_lazy("parallel coordinates"),
}
_FIELDS = ("column", "columns", "order", "sort", "width")
_NOTHING = {
    "list": gettext_lazy("All runs"),
    "columns": pgettext_lazy("changed part of a view", "built-in views"),
}


@dataclass(frozen=True)
class DifferenceLine:
    """One difference: its sign, what it is about, what stood and stands there."""

    sign: str
    what: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """On one line."""
        if self.before and self.after:
            return f"{self.what}: {self.before} → {self.after}"
        value = self.before or self.after
        return f"{self.sign}{self.what}" + (f": {value}" if value else "")


def summarize_differences(differences: Iterable[Difference]) -> str:
    """How many of what, in the order of the differences; empty for none."""
    counts: dict[tuple[str, str], int] = {}
    for each in differences:
        key = (each.sign, each.part)
        counts[key] = counts.get(key, 0) + 1
    return ", ".join(
        _difference_count_text(sign, part, n) for (sign, part), n in counts.items()
    )


def _difference_count_text(sign: str, part: str, count: int) -> str:
    nouns = {
        "filter": npgettext("changed part of a view", "%s filter", "%s filters", count),
        "column": npgettext("changed part of a view", "%s column", "%s columns", count),
        "width": npgettext(
            "changed part of a view", "%s column width", "%s column widths", count
        ),
        "chart": npgettext("changed part of a view", "%s chart", "%s charts", count),
        "selected": npgettext(
            "changed part of a view", "%s selected run", "%s selected runs", count
        ),
        "tree": npgettext(
            "changed part of a view", "%s open row", "%s open rows", count
        ),
    }
    if part in nouns:
        text = nouns[part] % count
        return text if sign == OTHER else DIFFERENCE_SIGNS[sign] + text
    if part in SWITCHES:
        return f"{DIFFERENCE_SIGNS[sign]}{_SWITCHES[part]}"
    what = str(_WHOLE.get(part, part))
    return what if sign == OTHER else DIFFERENCE_SIGNS[sign] + what


def difference_lines(differences: Iterable[Difference]) -> Sequence[DifferenceLine]:
    return [_difference_line(each) for each in differences]


def _difference_line(difference: Difference) -> DifferenceLine:
    sign = DIFFERENCE_SIGNS[difference.sign]
    if difference.part in SWITCHES:
        return DifferenceLine(sign, str(_SWITCHES[difference.part]), "", "")
    what = {
        "filter": pgettext("changed part of a view", "filter"),
        "column": pgettext("changed part of a view", "column"),
        "width": pgettext("changed part of a view", "width"),
        "chart": pgettext("changed part of a view", "chart"),
        "selected": pgettext("changed part of a view", "selected run"),
        "tree": pgettext("changed part of a view", "open row"),
    }.get(difference.part) or str(_WHOLE.get(difference.part, difference.part))
    return DifferenceLine(
        sign,
        what,
        _part_in_words(difference.part, difference.before),
        _part_in_words(difference.part, difference.after),
    )


def _part_in_words(part: str, text: str) -> str:
    """A part of an address as the page calls it."""
    if text == LIST_DEFAULT and part in _NOTHING:
        return str(_NOTHING[part])
    if not text or part not in (*_FIELDS, "chart"):
        return text
    try:
        if part == "chart":
            return _chart_words(view_charts.read_chart(text))
        if part == "sort":
            sort = view_text.read_sort(text)
            return ("↓ " if sort.descending else "↑ ") + field_label(sort.field)
        found = view_text.read_columns(text)
    # The stored text can be of another version of the server.
    except InvalidValue:
        return text
    return ", ".join(
        field_label(c.field) + (f" {c.width} px" if part == "width" and c.width else "")
        for c in found
    )


def _chart_words(chart: view_charts.Chart) -> str:
    """All that it says: two charts that differ in anything differ in words."""
    drawn = ", ".join(field_label(each) for each in chart.fields)
    options = ", ".join(f"{name} {value}" for name, value in chart.options)
    return f"{_CHARTS[chart.kind]}: {drawn}" + (f" ({options})" if options else "")


#: More names than these are counted.
_MAX_NAMED = 3


def deleted_items_text(kind: str, names: list[str]) -> str:
    """`kind` is experiment, column or run."""
    shown = ", ".join(names[:_MAX_NAMED])
    if len(names) > _MAX_NAMED:
        more = len(names) - _MAX_NAMED
        shown += npgettext("end of a list", " and %s more", " and %s more", more) % more
    if kind == "experiment":
        return _("The experiment %s is deleted. Showing all runs.") % shown
    if kind == "column":
        return (
            ngettext(
                "No run has a value in column %s.",
                "No run has a value in columns %s.",
                len(names),
            )
            % shown
        )
    return (
        ngettext(
            "The run %s of this view is deleted.",
            "The runs %s of this view are deleted.",
            len(names),
        )
        % shown
    )


#: "In the last week" and "longer ago than a week".
IN_THE_LAST, OLDER_THAN = "last", "older"


def operator_label(op: str, kind: str = "") -> str:
    """An operator in words; `kind` is what its field holds."""
    if kind == fields.TIME:
        words = {
            IN_THE_LAST: pgettext("filter operator for dates", "in the last"),
            OLDER_THAN: pgettext("filter operator for dates", "longer ago than"),
            ">=": pgettext("filter operator for dates", "on or after"),
            "<=": pgettext("filter operator for dates", "on or before"),
            ">": pgettext("filter operator for dates", "after"),
            "<": pgettext("filter operator for dates", "before"),
            "=": pgettext("filter operator for dates", "on"),
            "!=": pgettext("filter operator for dates", "not on"),
        }
        if op in words:
            return words[op]
    return {
        "=": pgettext("filter operator", "is"),
        "!=": pgettext("filter operator", "is not"),
        "in": _("is any of"),
        "not in": _("is none of"),
        "<": pgettext("filter operator", "less than"),
        "<=": pgettext("filter operator", "at most"),
        ">": pgettext("filter operator", "more than"),
        ">=": pgettext("filter operator", "at least"),
        "between": pgettext("filter operator", "between"),
        "like": _("matches the pattern"),
        "not like": _("does not match"),
        "ilike": _("matches, ignoring case"),
        "not ilike": _("does not match, ignoring case"),
        "contains": pgettext("filter operator", "contains"),
        "not contains": _("does not contain"),
        "is null": _("has no value"),
        "is not null": _("has a value"),
    }[op]
