"""Differences of two views in words: `+1 filter, −2 columns`, and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from runs.render.filters.pills import field_label
from studio.core import viewcharts, viewtext
from studio.core.errors import InvalidValue
from studio.core.viewdiff import ADDED, NOTHING, OTHER, REMOVED, SWITCHES, Difference

SIGNS = {ADDED: "+", REMOVED: "−", OTHER: "~"}
_SWITCHES = {
    "children": gettext_lazy("child runs"),
    "flat": gettext_lazy("flat list"),
    "mine": gettext_lazy("only my runs"),
    "differs": gettext_lazy("only what differs"),
    "archived": gettext_lazy("archived runs"),
    "only": gettext_lazy("only selected runs"),
    "facets": gettext_lazy("facets"),
}
_WHOLE = {
    "order": gettext_lazy("order of columns"),
    "sort": gettext_lazy("sort"),
    "group": gettext_lazy("grouping"),
    "rows": gettext_lazy("rows per page"),
    "columns": gettext_lazy("columns"),
    "list": gettext_lazy("list"),
}
_CHARTS = {
    "line": gettext_lazy("lines"),
    "scatter": gettext_lazy("scatter"),
    "bar": gettext_lazy("bars"),
    "histogram": gettext_lazy("histogram"),
    "parallel": gettext_lazy("parallel coordinates"),
}
_FIELDS = ("column", "columns", "order", "sort", "width")
_NOTHING = {"list": gettext_lazy("All runs"), "columns": gettext_lazy("those built in")}


@dataclass(frozen=True)
class Line:
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


def summary(found: Iterable[Difference]) -> str:
    """How many of what, in the order of the differences; empty for none."""
    counts: dict[tuple[str, str], int] = {}
    for each in found:
        key = (each.sign, each.part)
        counts[key] = counts.get(key, 0) + 1
    return ", ".join(_counted(sign, part, n) for (sign, part), n in counts.items())


def _counted(sign: str, part: str, count: int) -> str:
    nouns = {
        "filter": ngettext("%s filter", "%s filters", count),
        "column": ngettext("%s column", "%s columns", count),
        "width": ngettext("%s column width", "%s column widths", count),
        "chart": ngettext("%s chart", "%s charts", count),
        "selected": ngettext("%s selected run", "%s selected runs", count),
        "tree": ngettext("%s open row", "%s open rows", count),
    }
    if part in nouns:
        text = nouns[part] % count
        return text if sign == OTHER else SIGNS[sign] + text
    if part in SWITCHES:
        return f"{SIGNS[sign]}{_SWITCHES[part]}"
    what = str(_WHOLE.get(part, part))
    return what if sign == OTHER else SIGNS[sign] + what


def lines(found: Iterable[Difference]) -> Sequence[Line]:
    return [_line(each) for each in found]


def _line(each: Difference) -> Line:
    sign = SIGNS[each.sign]
    if each.part in SWITCHES:
        return Line(sign, str(_SWITCHES[each.part]), "", "")
    what = {
        "filter": _("filter"),
        "column": _("column"),
        "width": _("width"),
        "chart": _("chart"),
        "selected": _("selected run"),
        "tree": _("open row"),
    }.get(each.part) or str(_WHOLE.get(each.part, each.part))
    return Line(sign, what, _said(each.part, each.before), _said(each.part, each.after))


def _said(part: str, text: str) -> str:
    """A part of an address as the page calls it."""
    if text == NOTHING and part in _NOTHING:
        return str(_NOTHING[part])
    if not text or part not in (*_FIELDS, "chart"):
        return text
    try:
        if part == "chart":
            return _chart(viewcharts.read_chart(text))
        if part == "sort":
            sort = viewtext.read_sort(text)
            return ("↓ " if sort.descending else "↑ ") + field_label(sort.field)
        found = viewtext.read_columns(text)
    except InvalidValue:
        return text
    return ", ".join(
        field_label(c.field) + (f" {c.width} px" if part == "width" and c.width else "")
        for c in found
    )


def _chart(chart: viewcharts.Chart) -> str:
    """All that it says: two charts that differ in anything differ in words."""
    drawn = ", ".join(field_label(each) for each in chart.fields)
    options = ", ".join(f"{name} {value}" for name, value in chart.options)
    return f"{_CHARTS[chart.kind]}: {drawn}" + (f" ({options})" if options else "")
