"""A section of the facets panel: values to choose, or bars to brush."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.pages.lists import ListLinks
from runs.render import formats
from runs.render.filters import HistogramBar, build_histogram, field_label
from runs.search.filters import Facet, ValueCount, is_term_on
from studio.core.filters import Field, Node, field_text, fields
from studio.core.filters.fields import number_text
from studio.core.filters.tree import (
    ATTRIBUTE,
    METRICS,
    Comparison,
    Number,
    Text,
    Value,
    attribute,
    terms,
)

#: Values that a section shows by default, and after *Show more*.
INITIAL_VALUES, MAX_VALUES = 5, 100
#: Characters of a value that are shown.
MAX_LABEL_CHARS = 300
#: With at least this many different values, numbers are shown as bars.
BARS_FROM = 9
CHOICE_OPERATORS = ("=", "in", "is not null")
RANGE_OPERATORS = ("between", "<", "<=", ">", ">=", "=", "in")
BAR_WIDTH, BAR_HEIGHT = 24, 40
STATUS = attribute("status")


@dataclass(frozen=True)
class FacetChoice:
    """A value; `share` is relative to the most common value, in percent.

    `href` is empty if the address would be too long.
    """

    key: str
    text: str
    runs: int
    share: int
    chosen: bool
    href: str
    status: str = ""


@dataclass(frozen=True)
class HistogramBarShape:
    """A bar of the histogram, in the units of its SVG."""

    x: int
    y: float
    height: float
    inside: bool
    low: str
    high: str
    label: str


@dataclass(frozen=True)
class FacetSection:
    """A section; a closed one has only a head, with `note` on its right."""

    key: str
    name: str
    label: str
    is_open: bool
    toggle: str
    note: str = ""
    choices: tuple[FacetChoice, ...] = ()
    more: int = 0
    more_href: str = ""
    bars: tuple[HistogramBarShape, ...] = ()
    low: str = ""
    high: str = ""
    note_below: str = ""


def facet_element_id(field: Field, value: str | None = None) -> str:
    """Return an id that stays when the panel is redrawn, so that focus is kept."""
    source = repr((field, value)).encode()
    return f"facet-{blake2b(source, digest_size=5).hexdigest()}"


def facet_label(field: Field) -> str:
    return field_label(field) if field.kind == ATTRIBUTE else field_text(field)


def is_numeric(facet: Facet) -> bool:
    if facet.field.kind == METRICS:
        return True
    # A few numbers, such as batch sizes, are easier to choose one by one.
    if facet.field.kind == ATTRIBUTE or len(facet.values) < BARS_FROM:
        return False
    return all(each.number is not None for each in facet.values)


def facet_choices(
    facet: Facet, links: ListLinks, limit: int
) -> tuple[tuple[FacetChoice, ...], int]:
    """Return the most common and the chosen values, and the number of others."""
    chosen = _chosen_values(facet.field, links.node)
    shown = list(facet.values[:limit])
    later = [
        each for each in facet.values[limit:] if _value_to_filter_by(each) in chosen
    ]
    seen = {_value_to_filter_by(each) for each in facet.values}
    # Chosen values without runs stay listed, or they could not be cleared here.
    missing = [
        ValueCount(_chosen_value_text(each), 0)
        for each in chosen
        if each and each not in seen
    ]
    most = max((each.runs for each in facet.values), default=1)
    found_choices = [
        _facet_choice(facet.field, each, most, chosen, links) for each in shown + later
    ]
    found_choices += [
        _facet_choice(facet.field, each, most, chosen, links) for each in missing
    ]
    return tuple(found_choices), len(facet.values) - len(shown) - len(later)


def _facet_choice(
    field: Field,
    value_count: ValueCount,
    max_runs: int,
    chosen: Sequence[Value | None],
    links: ListLinks,
) -> FacetChoice:
    value = _value_to_filter_by(value_count)
    is_chosen = value in chosen and not value_count.digest
    kept = [one for one in chosen if one != value]
    values = kept if is_chosen else [*chosen, value]
    text = value_count.title or (
        _("(no value)") if value_count.value is None else value_count.value
    )
    text = formats.status_label(text) if field == STATUS else text
    if len(text) > MAX_LABEL_CHARS or value_count.digest:
        text = f"{text[:MAX_LABEL_CHARS]}…"
    return FacetChoice(
        facet_element_id(
            field,
            f"{value_count.value} {value_count.digest}"
            if value_count.digest
            else value_count.value,
        ),
        text or _("(empty)"),
        value_count.runs,
        round(100 * value_count.runs / max_runs) if max_runs else 0,
        is_chosen,
        "" if value_count.digest else _href_with_chosen_values(field, values, links),
        value_count.title if field == STATUS else "",
    )


def _value_to_filter_by(value_count: ValueCount) -> Value | None:
    return None if value_count.value is None else Text(value_count.value)


def _chosen_value_text(value: Value) -> str:
    return value.text if isinstance(value, Text) else _number_text(value)


def _number_text(value: Value) -> str:
    assert isinstance(value, Number)
    return number_text(value)


def _chosen_values(field: Field, node: Node | None) -> list[Value | None]:
    """Return the values that the filter requires; None means any value."""
    found: list[Value | None] = []
    for term in terms(node):
        if not is_term_on(term, field) or not isinstance(term, Comparison):
            continue
        if term.op in ("=", "in"):
            found += [
                one
                for value in term.values
                for one in _expand_status_group(field, value)
            ]
        elif term.op == "is not null":
            found.append(None)
    return list(dict.fromkeys(found))


def _expand_status_group(field: Field, value: Value) -> Iterable[Value]:
    """Return the value; for a status, all statuses that the word means."""
    if field != STATUS or not isinstance(value, Text):
        return [value]
    return [Text(one.value) for one in sorted(fields.statuses_of(value.text))]


def _href_with_chosen_values(
    field: Field, chosen: Sequence[Value | None], links: ListLinks
) -> str:
    """Link to the list with any of these values; without values, with all runs."""
    values = tuple(each for each in chosen if each is not None)
    term: Comparison | None = None
    if not links.fits_in_address(Comparison(field, "in", values)):
        return ""
    if None in chosen:
        term = Comparison(field, "is not null")
    elif values:
        term = Comparison(field, "in" if values[1:] else "=", values)
    return link_with_replaced_term(links, field, CHOICE_OPERATORS, term)


def link_with_replaced_term(
    links: ListLinks, field: Field, ops: Collection[str], term: Comparison | None
) -> str:
    """Link to the list with a term instead of the field's terms of these operators."""
    replaced = [
        place
        for place, each in enumerate(links.filter_source.nodes)
        if isinstance(each, Comparison) and each.field == field and each.op in ops
    ]
    source = links.filter_source.source_without_terms(*replaced)
    return links.query_with(
        q=source.text if term is None else source.text_with_term(term)
    )


def histogram_bars(facet: Facet, node: Node | None) -> tuple[HistogramBarShape, ...]:
    counted = [(each.number, each.runs) for each in facet.values]
    found = build_histogram([(n, runs) for n, runs in counted if n is not None])
    low, high = filtered_range(facet.field, node)
    most = max((bar.runs for bar in found), default=1)
    return tuple(
        _histogram_bar_shape(at, bar, most, low, high) for at, bar in enumerate(found)
    )


def _histogram_bar_shape(
    at: int, bar: HistogramBar, max_runs: int, low: float | None, high: float | None
) -> HistogramBarShape:
    height = round(BAR_HEIGHT * bar.runs / max_runs, 1)
    if bar.low is None or bar.high is None:
        return HistogramBarShape(at * BAR_WIDTH, BAR_HEIGHT, 0, False, "", "", "")
    # One run among thousands still needs a bar that can be seen and clicked.
    height = max(height, 1.5)
    has_range = low is not None or high is not None
    is_above = low is None or bar.high >= low
    inside = has_range and is_above and (high is None or bar.low <= high)
    notice = ngettext(
        "%(low)s to %(high)s: %(runs)s run",
        "%(low)s to %(high)s: %(runs)s runs",
        bar.runs,
    ) % {
        "low": formats.number(bar.low),
        "high": formats.number(bar.high),
        "runs": formats.grouped(bar.runs),
    }
    y = round(BAR_HEIGHT - height, 1)
    low_text, high_text = number_as_typed(bar.low), number_as_typed(bar.high)
    return HistogramBarShape(
        at * BAR_WIDTH, y, height, inside, low_text, high_text, notice
    )


def number_as_typed(value: float) -> str:
    """Return a number as it is typed in a filter."""
    # As a whole number, a huge float would have hundreds of digits.
    is_whole = value == int(value) and abs(value) < 1e15
    return number_text(Number(int(value) if is_whole else value))


def filtered_range(
    field: Field, node: Node | None
) -> tuple[float | None, float | None]:
    """Return the ends of the range in the filter; None for an open end."""
    low: float | None = None
    high: float | None = None
    for term in terms(node):
        if not is_term_on(term, field) or not isinstance(term, Comparison):
            continue
        numbers = [each.value for each in term.values if isinstance(each, Number)]
        if not numbers:
            continue
        if term.op in ("between", ">", ">=", "="):
            low = numbers[0]
        if term.op in ("between", "<", "<=", "="):
            high = numbers[-1]
    return low, high


def link_with_range(
    links: ListLinks, field: Field, low: float | None, high: float | None
) -> str:
    """Link to the list with another range of the field, or with none."""
    ends = tuple(Number(each) for each in (low, high) if each is not None)
    op = "between" if len(ends) == 2 else ">=" if low is not None else "<="
    return link_with_replaced_term(
        links, field, RANGE_OPERATORS, Comparison(field, op, ends) if ends else None
    )
