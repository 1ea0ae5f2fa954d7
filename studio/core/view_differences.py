"""What differs between two states of a run list, part by part.

Pure: a page, the REST API and the history of a view say the same of the same two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter, NotSupported
from studio.core.filters import to_text
from studio.core.filters.tree import terms
from studio.core.view_spec import DEFAULT_COLUMNS, Column, ViewSpec, encode_value
from studio.core.view_text import join_with_commas

#: What is compared, in the order of the listed differences.
PARTS = (
    "filter column order width sort children flat mine differs archived only facets "
    "group chart selected tree rows"
).split()
ADDED, REMOVED, OTHER = "+", "-", "~"
#: Default of the list itself: All runs, default columns.
LIST_DEFAULT = "*"
SWITCHES = ("children", "flat", "mine", "differs", "archived", "only", "facets")
#: Parameters whose differences are listed part by part.
_LISTED_PARTS = frozenset(
    "q sort columns group charts selected tree rows".split() + list(SWITCHES)
)
#: A view says nothing about these.
_NOT_KEPT = ("view", "after", "before")


@dataclass(frozen=True)
class Difference:
    """`part` is one of PARTS. What was added has no `before`, what was removed no
    `after`; both are written as in an address."""

    part: str
    before: str = ""
    after: str = ""

    @property
    def sign(self) -> str:
        if self.before and self.after:
            return OTHER
        return ADDED if self.after else REMOVED


def differences(
    old: ViewSpec,
    new: ViewSpec,
    *,
    standard: Sequence[Column] = DEFAULT_COLUMNS,
) -> tuple[Difference, ...]:
    """What was added, removed and changed from `old` to `new`.

    `standard` are the columns that the list shows where none were chosen.
    """
    found = [
        *_item_differences("filter", _filter_terms(old), _filter_terms(new)),
        *_column_differences(old, new, standard),
        *_other_difference("sort", str(old.sort), str(new.sort)),
    ]
    for name in SWITCHES:
        found += _boolean_difference(name, getattr(old, name), getattr(new, name))
    found += _single_difference("group", old.group, new.group)
    found += _item_differences("chart", map(str, old.charts), map(str, new.charts))
    found += _item_differences(
        "selected", filter(None, old.selected), filter(None, new.selected)
    )
    found += _item_differences("tree", map(str, old.tree), map(str, new.tree))
    found += _other_difference("rows", str(old.rows), str(new.rows))
    mine, wanted = _saved_parameters(old), _saved_parameters(new)
    # Parameters that have no parts are compared as a whole.
    for name in (each for each in {**mine, **wanted} if each not in _LISTED_PARTS):
        found += _single_difference(name, mine.get(name), wanted.get(name))
    return tuple(found)


def override_query(view: ViewSpec, spec: ViewSpec) -> str:
    """What an address of `view` says to show `spec`: a query string without `?`.

    A part that the view has and `spec` has not stands there empty.
    """
    mine, wanted = _saved_parameters(view), _saved_parameters(spec)
    names = [*wanted, *(name for name in mine if name not in wanted)]
    return "&".join(
        f"{name}={encode_value(wanted.get(name, ''))}"
        for name in names
        if mine.get(name) != wanted.get(name)
    )


def _saved_parameters(spec: ViewSpec) -> dict[str, str]:
    found = spec.parameters()
    text = _filter_text(spec)
    if text:
        found["q"] = text
    return {name: found[name] for name in found if name not in _NOT_KEPT}


def _filter_text(spec: ViewSpec) -> str:
    """In canonical form, so that spaces make no difference; else unchanged."""
    try:
        return to_text(spec.filter())
    except (InvalidFilter, NotSupported):
        return spec.q


def _filter_terms(spec: ViewSpec) -> list[str]:
    try:
        return [to_text(term) for term in terms(spec.filter())]
    except (InvalidFilter, NotSupported):
        return [spec.q]


def _column_differences(
    old: ViewSpec, new: ViewSpec, standard: Sequence[Column]
) -> Iterable[Difference]:
    if old.has_columns == new.has_columns and old.columns == new.columns:
        return
    before = old.columns if old.has_columns else standard
    after = new.columns if new.has_columns else standard
    fields = [column.field for column in before], [column.field for column in after]
    for column in before:
        if column.field not in fields[1]:
            yield Difference("column", before=_column_without_width(column))
    for column in after:
        if column.field not in fields[0]:
            yield Difference("column", after=_column_without_width(column))
    # A column that was added or removed is no change of the order.
    stay = [[f for f in one if f in both] for one, both in (fields, fields[::-1])]
    if stay[0] != stay[1]:
        yield Difference("order", _column_names(before), _column_names(after))
    widths = {column.field: column.width for column in before}
    for column in after:
        if widths.get(column.field, column.width) != column.width:
            was = Column(column.field, widths[column.field])
            yield Difference("width", str(was), str(column))


def _column_without_width(column: Column) -> str:
    return str(Column(column.field))


def _column_names(columns: Iterable[Column]) -> str:
    return join_with_commas(Column(column.field) for column in columns)


def _item_differences(
    part: str, old: Iterable[str], new: Iterable[str]
) -> Iterable[Difference]:
    # A list can contain the same item twice.
    before, after = Counter(old), Counter(new)
    for text in (before - after).elements():
        yield Difference(part, before=text)
    for text in (after - before).elements():
        yield Difference(part, after=text)


def _boolean_difference(part: str, old: bool, new: bool) -> Iterable[Difference]:
    if old != new:
        yield Difference(part, before="1" if old else "", after="1" if new else "")


def _single_difference(part: str, old: object, new: object) -> Iterable[Difference]:
    if old != new:
        yield Difference(part, str(old or ""), str(new or ""))


def _other_difference(part: str, old: str, new: str) -> Iterable[Difference]:
    if old != new:
        yield Difference(part, old, new)
