"""What surrounds the run list's cells: links that change it, heads, pills, the strip.

Every link is the same address with another query string: the URL is the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runs.render.pills import field_label, pill
from studio.core.filters import Field, Node, fields, to_text
from studio.core.filters.edit import terms, with_term, without_term
from studio.core.filters.tree import (
    ATTRIBUTE,
    METRICS,
    Comparison,
    Text,
    attribute,
    negate,
)
from studio.core.statuses import GROUPS, RunStatus
from studio.core.viewspec import Column, Sort, ViewSpec

NUMERIC = (fields.NUMBER, fields.DURATION)
STYLES = {
    "name": "name",
    "tags": "tags",
    "status": "state",
    "experiment": "experiment",
    "duration": "number duration",
}


@dataclass(frozen=True)
class Head:
    label: str
    css: str
    href: str = ""
    order: str = ""


@dataclass(frozen=True)
class Link:
    """Shows `text`; asks for `only` it, or, with Alt, for anything but it."""

    text: str
    only: str = ""
    but: str = ""
    key: str = ""


@dataclass(frozen=True)
class Pill:
    label: str
    text: str
    without: str


@dataclass(frozen=True)
class Count:
    """An entry of the status strip."""

    group: str
    status: str
    count: int
    href: str
    chosen: bool


@dataclass
class Links:
    """Query strings of the list with another filter; the same one is made once."""

    workspace: str
    spec: ViewSpec
    node: Node | None
    _made: dict[Node, str] = field(default_factory=dict)

    def query(self, **changes: Any) -> str:
        return "?" + self.spec.to_query(**changes)

    def only(self, term: Comparison) -> str:
        """The list with only the runs of which `term` is true."""
        if term not in self._made:
            node = without_values_of(self.node, term.field)
            self._made[term] = self.query(q=to_text(with_term(node, term)))
        return self._made[term]

    def but(self, term: Comparison) -> str:
        """The list without the runs of which `term` is true."""
        other = negate(term)
        if other not in self._made:
            self._made[other] = self.query(q=to_text(with_term(self.node, other)))
        return self._made[other]

    def link(self, text: str, term: Comparison, key: str = "") -> Link:
        return Link(text, self.only(term), self.but(term), key)


def without_values_of(node: Node | None, asked: Field) -> Node | None:
    """The filter without the terms that already choose values of the field."""
    for term in terms(node):
        if (
            isinstance(term, Comparison)
            and term.field == asked
            and term.op in ("=", "in")
        ):
            node = without_term(node, term)
    return node


def pills(links: Links) -> list[Pill]:
    return [
        Pill(*pill(term), links.query(q=to_text(without_term(links.node, term))))
        for term in terms(links.node)
    ]


def heads(spec: ViewSpec, columns: Sequence[Column], links: Links) -> list[Head]:
    return [_head(spec.sort, column.field, links) for column in columns]


def _head(sort: Sort, asked: Field, links: Links) -> Head:
    kind = fields.value_type(asked)
    label, css = field_label(asked), style(asked)
    if not fields.spec_of(asked).sortable:
        return Head(label, css)
    if sort.field == asked:
        other = replace(sort, descending=not sort.descending)
        order = "descending" if sort.descending else "ascending"
        return Head(label, css, links.query(sort=other), order)
    largest_first = kind in (*NUMERIC, fields.TIME) or asked.kind == METRICS
    return Head(label, css, links.query(sort=Sort(asked, descending=largest_first)))


def style(asked: Field) -> str:
    """The classes of a column's cells."""
    if asked.kind == METRICS:
        return "number metric"
    if asked.kind == ATTRIBUTE and asked.key in STYLES:
        return STYLES[asked.key]
    return "number" if fields.value_type(asked) in NUMERIC else ""


def strip(counts: Mapping[RunStatus, int], links: Links) -> list[Count]:
    """The status strip: a group's link asks for it alone, or no longer for it."""
    return [_count(group, members, counts, links) for group, members in GROUPS.items()]


def _count(
    group: str,
    members: frozenset[RunStatus],
    counts: Mapping[RunStatus, int],
    links: Links,
) -> Count:
    word = group if len(members) == 1 else group.lower()
    status = attribute("status")
    term = Comparison(status, "=", (Text(word),))
    chosen = term in terms(links.node)
    if chosen:
        href = links.query(q=to_text(without_term(links.node, term)))
    else:
        href = links.only(term)
    total = sum(counts.get(member, 0) for member in members)
    return Count(group, word, total, href, chosen)
