"""Links that change a run list, the heads of its columns, and the status strip.

Every link is the same address with another query string: the URL is the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from runs.pages.lists.list_state import parent_of_number
from runs.render import formats
from runs.render.filters import field_label
from runs.render.run_list import ColumnHead, ValueHrefs
from runs.search.fields import source_of
from studio.core.filters import Field, Node, fields
from studio.core.filters.fields import (
    field_text,
    text_before_value,
    to_text,
    value_text,
)
from studio.core.filters.parse import MAX_LENGTH
from studio.core.filters.source import FilterSource
from studio.core.filters.tokens import MAX_TERMS
from studio.core.filters.tree import (
    METRICS,
    OPPOSITES,
    Comparison,
    Flag,
    Text,
    Value,
    all_of,
    attribute,
    fields_of,
    negate,
)
from studio.core.statuses import GROUPS, RunStatus
from studio.core.view_spec import Column, Sort, ViewSpec, encode_value

#: Entries of the status strip in a row on a phone, and from how many characters on they
#: need smaller type (`long`), or don't fit in a row (`longer`).
STRIP_COLUMNS = 3
MAX_STRIP_CHARACTERS = {"longer": 34, "long": 28}
#: Proxies accept addresses of 8,000 characters; the rest is for other parameters.
MAX_ADDRESS_CHARACTERS = 6_000
NUMERIC_TYPES = (fields.NUMBER, fields.DURATION)


@dataclass(frozen=True)
class ValueLink:
    """A value with links.

    `filter_href` keeps the runs with it, `exclude_href` (Alt+click) the others.
    """

    text: str
    filter_href: str = ""
    exclude_href: str = ""
    key: str = ""


@dataclass(frozen=True)
class StatusStripEntry:
    """An entry of the status strip."""

    group: str
    status: str
    count: int
    href: str
    chosen: bool


@dataclass
class ListLinks:
    """Builds links to the list with another state; each filter is built once."""

    workspace: str
    spec: ViewSpec
    node: Node | None
    #: The experiment's number, empty for All runs.
    number: str = ""
    #: The numbers of the selected runs' colors, by their keys.
    selected: Mapping[int, int] = field(default_factory=dict)
    # The status strip, facets and cells repeat the same terms.
    _made: dict[Node, str] = field(default_factory=dict)
    _without: dict[Field, FilterSource] = field(default_factory=dict)
    _freed: dict[tuple[int, ...], FilterSource] = field(default_factory=dict)

    @property
    def parent(self) -> str:
        """The ID of the run whose children are listed, or an empty text."""
        return parent_of_number(self.number)

    @cached_property
    def filter_source(self) -> FilterSource:
        """The filter as it was typed; empty if it can't be parsed."""
        return (
            FilterSource("") if self.node is None and self.spec.q else self.spec.source
        )

    def query_with(self, **changes: Any) -> str:
        return "?" + self.spec.to_query(**changes)

    def part_address(self, name: str, **more: str) -> str:
        """Return the address of a part of the list, such as `filter`."""
        parameters = {**({"in": self.number} if self.number else {}), **more}
        query = "&".join(filter(None, [self.spec.to_query(), urlencode(parameters)]))
        return f"/w/{self.workspace}/list/{name}/" + (f"?{query}" if query else "")

    @property
    def history_export_address(self) -> str:
        """The address that exports the full metric histories of the list's runs."""
        return self.part_address("").replace("/list//", "/exports/", 1)

    @property
    def new_alert_address(self) -> str:
        """The address of a new alert rule with the list's filter."""
        given = {
            "q": self.spec.q,
            "in": self.number,
            "mine": "1" if self.spec.mine else "",
        }
        query = urlencode({name: text for name, text in given.items() if text})
        path = f"/w/{self.workspace}/alerts/rules/new/"
        return f"{path}?{query}" if query else path

    def children_address(self, run_id: str) -> str:
        """Link to the flat list of the run's children."""
        term = Comparison(attribute("parent"), "=", (Text(run_id),))
        return self.query_with(q=to_text(term), children=True, flat=True, tree=())

    def _query_with_filter(self, q: str) -> str:
        """Like `query_with(q=q)`, but faster: a page has hundreds of these links."""
        if not q:
            return self.query_with(q=q)
        return f"?q={encode_value(q)}{self._other_parameters}"

    @cached_property
    def _other_parameters(self) -> str:
        rest = self.spec.to_query(q="")
        return f"&{rest}" if rest else ""

    def fits_in_address(self, *terms: Node) -> bool:
        """Whether the filter and the address stay short enough with these terms."""
        if len(self.filter_source.terms) + 2 * len(terms) > MAX_TERMS:
            return False
        # The filter as text, and the escaped text in the address, have separate limits.
        filter_room, room = (
            MAX_LENGTH - len(self.spec.q) - len("() and "),
            MAX_ADDRESS_CHARACTERS,
        )
        for term in terms:
            text = to_text(term) + " and "
            filter_room -= len(text)
            room -= len(encode_value(text))
            if filter_room < 0 or room < 0:
                return False
        return True

    def matching_all(self, *terms: Node, **changes: Any) -> str:
        """Link to the list with only the runs that match all terms."""
        # Groups of a page replace the same terms: rewriting the filter once is enough.
        numbers = self.filter_source.numbers_of_same_or_opposite(*terms)
        if numbers not in self._freed:
            self._freed[numbers] = self.filter_source.source_without_terms(*numbers)
        source = self._freed[numbers]
        q = source.text_with_added_term(all_of(*terms)) if terms else source.text
        return self.query_with(q=q, **changes)

    def only_matching(self, term: Node) -> str:
        """Link to the list with only the runs that match `term`."""
        if term not in self._made:
            # A chosen value replaces the field's others: two equalities would match no
            # run.
            [field] = fields_of(term)
            q = self.without_values_of(field).text_with_term(term)
            self._made[term] = self._query_with_filter(q)
        return self._made[term]

    def except_matching(self, term: Node) -> str:
        """Link to the list without the runs that match `term`."""
        other = negate(term)
        if other not in self._made:
            self._made[other] = self._query_with_filter(
                self.filter_source.text_with_term(other)
            )
        return self._made[other]

    def value_link(self, text: str, term: Node, key: str = "") -> ValueLink:
        return ValueLink(
            text, self.only_matching(term), self.except_matching(term), key
        )

    def value_hrefs(self, field: Field) -> Callable[[Value], ValueHrefs]:
        """Return a function that links to the runs with a value, and to the others.

        A column has many values of one field. Their links differ in nothing else, so
        what stands before and after the value is composed once.
        """

        def build_terms(value: Value) -> ValueHrefs:
            term = Comparison(field, "=", (value,))
            return self.only_matching(term), self.except_matching(term)

        if field in self._fields_of_filter:
            return build_terms
        begin, rest = self._query_before_added_term, self._other_parameters
        only = begin + encode_value(text_before_value(field, "="))
        but = begin + encode_value(text_before_value(field, OPPOSITES["="]))

        def append_value(value: Value) -> ValueHrefs:
            # The opposite of `is_starred:true` has another value.
            if isinstance(value, Flag):
                return build_terms(value)
            text = encode_value(value_text(value))
            return f"{only}{text}{rest}", f"{but}{text}{rest}"

        return append_value

    @cached_property
    def _query_before_added_term(self) -> str:
        return f"?q={encode_value(self.filter_source.text_before_added_term)}"

    @cached_property
    def _fields_of_filter(self) -> frozenset[Field]:
        nodes = self.filter_source.nodes
        return frozenset(field for node in nodes for field in fields_of(node))

    def without_values_of(self, field: Field) -> FilterSource:
        """Return the filter without the terms that choose values of the field."""
        if field not in self._without:
            chosen = [
                n
                for n, t in enumerate(self.filter_source.nodes)
                if _chooses_value_of(t, field)
            ]
            self._without[field] = self.filter_source.source_without_terms(*chosen)
        return self._without[field]


def _chooses_value_of(term: Node, field: Field) -> bool:
    # Other operators narrow the values further, so they stay in the filter.
    if not isinstance(term, Comparison) or term.field != field:
        return False
    return term.op in ("=", "in")


def column_heads(
    spec: ViewSpec, columns: Sequence[Column], links: ListLinks, menu: str = ""
) -> list[ColumnHead]:
    """Build the heads; `menu` is the address of their menus, without the field."""
    if menu:
        menu += ("&" if "?" in menu else "?") + "field="
    return [_column_head(spec.sort, column, links, menu) for column in columns]


def _column_head(sort: Sort, column: Column, links: ListLinks, menu: str) -> ColumnHead:
    field = column.field
    head = ColumnHead(
        field_label(field),
        column_css(field),
        str(column),
        menu=menu + quote(field_text(field), safe="") if menu else "",
    )
    if not fields.spec_of(field).sortable:
        return head
    if sort.field == field:
        other = replace(sort, descending=not sort.descending)
        order = "descending" if sort.descending else "ascending"
        return replace(head, href=links.query_with(sort=other), order=order)
    # The first click gives the more useful order: the largest numbers, the latest
    # times.
    first = Sort(field, descending=sorts_largest_first(field))
    return replace(head, href=links.query_with(sort=first))


def sorts_largest_first(field: Field) -> bool:
    kind = fields.value_type(field)
    return kind in (*NUMERIC_TYPES, fields.TIME) or field.kind == METRICS


def column_css(field: Field) -> str:
    """Return the CSS classes of a column's cells."""
    if css := source_of(field).css:
        return css
    return "number" if fields.value_type(field) in NUMERIC_TYPES else ""


def status_strip(
    counts: Mapping[RunStatus, int], links: ListLinks
) -> list[StatusStripEntry]:
    """Build the status strip; each link turns the filter by a group on or off."""
    return [
        _status_strip_entry(group, members, counts, links)
        for group, members in GROUPS.items()
    ]


def status_strip_css(entries: Sequence[StatusStripEntry]) -> str:
    """Return the CSS class of strips too long for three entries in a row on a phone."""
    sizes = [
        len(formats.status_label(e.group)) + len(formats.grouped(e.count))
        for e in entries
    ]
    columns = (sizes[start::STRIP_COLUMNS] for start in range(STRIP_COLUMNS))
    size = sum(max(column) for column in columns)
    return next((css for css, room in MAX_STRIP_CHARACTERS.items() if size > room), "")


def _status_strip_entry(
    group: str,
    members: frozenset[RunStatus],
    counts: Mapping[RunStatus, int],
    links: ListLinks,
) -> StatusStripEntry:
    word = group if len(members) == 1 else group.lower()
    # The filter language has a word for each group, such as `failed`.
    status = attribute("status")
    term = Comparison(status, "=", (Text(word),))
    chosen = term in links.filter_source.nodes
    if chosen:
        href = links.query_with(q=links.filter_source.text_without_term(term))
    else:
        href = links.only_matching(term)
    total = sum(counts.get(member, 0) for member in members)
    return StatusStripEntry(group, word, total, href, chosen)
