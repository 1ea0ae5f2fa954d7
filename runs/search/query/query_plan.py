"""Which side drives: how the matching runs are best come by.

Databases guess this from averages, and keys are anything but average: one tag is in
every run, the next in three. So the sides are asked, each with a limit that bounds what
asking costs.

- If one side has few runs, they are all there is to look at.
- Else, if a side yields its runs in the order of their arrival, the newest matching
  runs are read from the rarest such side until there are enough.
- A side in another order leads where sorting all of it costs less than walking.
- Else many runs match: one walks from the newest run until there are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Q

from runs.models.grams import fold_case, is_short_word
from runs.search.fields import scans_of, source_of
from runs.search.sql.access_paths import Side
from runs.search.sql.expressions import Expr, Plain
from runs.search.sql.scope import Scope
from runs.search.sql.words import text_side, word_sides
from studio.core.filters.edit import terms
from studio.core.filters.tree import And, Comparison, Node, Or, Word

Terms = tuple[Node, ...]

#: So many runs may be looked at one by one, and sorted.
FEW = 2_000
#: So many rows of a side are sorted to read a page from it.
SORTED = 5_000
#: The larger sides are compared by their sizes up to here; so many are sorted to count.
MANY = 50_000
#: A question asks at the most so many sides.
PROBES = 12


@dataclass(frozen=True)
class Lead:
    """Rows of a relation of the run that lead to it: joined by `condition`.

    `arrival` is the column there with the run's key. The rows say all that the terms
    say, so nobody needs to ask them again.
    """

    condition: Q
    arrival: str
    terms: tuple[Node, ...] = ()
    ordered: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it is an index of the runs' own, in another order."""
        return self.arrival == "pk"


def arrival_of(lead: Lead | None) -> Expr:
    """What orders runs by their arrival, however they are come by."""
    if lead is None:
        return F("pk")
    # Of the runs' own indexes only the one that leads is a choice.
    is_sorted = lead.is_own and not lead.ordered
    return Plain(F("pk")) if is_sorted else F(lead.arrival)


@dataclass(frozen=True)
class Part:
    """Sides of which each matching run is in one; what they say of it together.

    `newest` are the newest runs of one of them, if it is in order; `size` is how many
    rows there are, about, of what could be read before the others.
    """

    sides: tuple[Side, ...]
    terms: Terms = ()
    newest: tuple[int, ...] = ()
    size: int = 0

    @property
    def is_ordered(self) -> bool:
        return all(side.ordered for side in self.sides)

    @property
    def is_windowed(self) -> bool:
        """Whether those of some arrivals are found without reading the others."""
        return all(side.ordered or side.windowed for side in self.sides)


@dataclass(frozen=True)
class Way:
    """With `few`, those are all runs that could match, and some that may not.

    Else runs are read from a lead, for a page or for counting; without one, by walking.
    Each matching run is found by one of `either` at least, in the order of arrival: the
    newest of all are among the newest of each. And it is in each of `parts`, which are
    all large.
    """

    few: tuple[int, ...] | None = None
    to_page: Lead | None = None
    to_count: Lead | None = None
    either: tuple[Lead, ...] = ()
    parts: tuple[Part, ...] = ()


def way_to(node: Node | None, scope: Scope, *more: Side) -> Way:
    """The way to the runs that fulfil the filter and belong to each side in `more`."""
    probes = _Probes(scope)
    found = [probes.few([side]) for side in more]
    found.append(None if node is None else probes.few_of(node))
    known = [tuple(few) for few in found if few is not None]
    if known:
        return Way(few=min(known, key=len))
    # A small experiment is read rather than a word that is in every run.
    places = [side for side in more if side.join]
    small = [side for side in places if probes.size(side) < MANY]
    large: list[tuple[Side, Terms]] = [(side, ()) for side in small]
    large += probes.large
    parts = (*map(probes.part, places), *probes.parts)
    if large:
        return replace(_led(large, probes), parts=parts)
    return Way(either=probes.either, parts=parts)


def _led(large: Sequence[tuple[Side, Terms]], probes: _Probes) -> Way:
    sizes = [
        (probes.size(side), not side.ordered, n) for n, (side, _) in enumerate(large)
    ]
    in_order = min((size for size in sizes if not size[1]), default=None)
    rarest = min(sizes, default=(MANY, True, 0))

    def lead(limit: int) -> Lead | None:
        chosen = rarest if rarest[0] < limit else in_order
        if chosen is None:
            return None
        side, says = large[chosen[2]]
        return _lead(side, says)

    return Way(to_page=lead(SORTED), to_count=lead(MANY))


def _lead(side: Side, says: Terms) -> Lead:
    assert side.join is not None
    arrival = f"{side.relation}__run_id" if side.relation else "pk"
    return Lead(side.join, arrival, says if side.exact else (), side.ordered)


class _Probes:
    """Asks sides for their runs, and remembers the large ones that could lead."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.left = PROBES
        self.large: list[tuple[Side, Terms]] = []
        self.parts: list[Part] = []
        self.newest: dict[int, list[int]] = {}
        self.sizes: dict[int, int] = {}
        self.either: tuple[Lead, ...] = ()

    def few_of(self, node: Node, *, must: bool = True) -> set[int] | None:
        """All runs that could fulfil the filter, if they are few."""
        if isinstance(node, Comparison):
            return self._few_of_term(node, must=must)
        if isinstance(node, (And, Word)):
            return self._few_of_all(terms(node), must=must)
        if isinstance(node, Or):
            return _union(self.few_of(each, must=False) for each in node.nodes)
        return None

    def _few_of_all(self, nodes: Sequence[Node], *, must: bool) -> set[int] | None:
        """The smallest known set of which each fulfilling run is a member."""
        words = tuple(node for node in nodes if isinstance(node, Word))
        others = [node for node in nodes if not isinstance(node, Word)]
        found = [self.few_of(each, must=must) for each in others]
        if words and self.left > 0:
            found += self._few_of_words(words, must=must)
        known = [few for few in found if few is not None]
        return min(known, key=len) if known else None

    def _few_of_words(
        self, words: tuple[Word, ...], *, must: bool
    ) -> list[set[int] | None]:
        unions = word_sides([word.text for word in words], self.scope)
        found = [self.few(union.sides) for union in unions]
        for union, few in zip(unions, found, strict=True):
            if few is not None or not must:
                continue
            sides = union.sides
            says = tuple(word for word in words if fold_case(word.text) in union.words)
            if all(side.exact for side in sides):
                self.parts.append(self.part(*sides, terms=says))
            if len(sides) == 1 and sides[0].join:
                self.large.append((sides[0], says))
            elif all(side.ordered for side in sides):
                self.either = tuple(_lead(side, says) for side in sides)
        return found

    def _few_of_term(self, term: Comparison, *, must: bool) -> set[int] | None:
        if self.left <= 0:
            return None
        sides = scans_of(term, self.scope) or _named(term)
        found = self.few(sides)
        if found is None and must:
            large = [side for side in sides if side.join is not None]
            self.large += [(side, (term,)) for side in large]
            if len(large) == 1:
                says = (term,) if large[0].exact else ()
                self.parts.append(self.part(large[0], terms=says))
        return found

    def few(self, sides: Sequence[Side]) -> set[int] | None:
        """The runs of the sides together, if they are few."""
        if not sides:
            return None
        return _union(self._few(side) for side in sides)

    def _few(self, side: Side) -> set[int] | None:
        self.left -= 1
        rows: Any = side.rows.values_list(side.column, flat=True)
        if side.ordered:
            rows = rows.order_by(f"-{side.column}")
        found = list(rows[: FEW + 1])
        if side.ordered:
            self.newest[id(side)] = found
        return set(found) if len(found) <= FEW else None

    def size(self, side: Side) -> int:
        """How many rows it has: guessed by how near its newest are to each other.

        Of what is in no order the rows are counted, up to `MANY`.
        """
        if side.ordered:
            return _guessed(self.newest.get(id(side), ()))
        if id(side) not in self.sizes:
            self.sizes[id(side)] = side.rows.values(side.column)[:MANY].count()
        return self.sizes[id(side)]

    def part(self, *sides: Side, terms: Terms = ()) -> Part:
        newest = next((self.newest[id(s)] for s in sides if id(s) in self.newest), ())
        part = Part(sides, terms, tuple(newest))
        if part.is_windowed and not part.is_ordered:
            # It never leads: counting its rows would tell nothing.
            return part
        return replace(part, size=sum(map(self.size, sides)))


def _guessed(newest: Sequence[int]) -> int:
    if len(newest) < 2:
        return 0
    return len(newest) * newest[0] // (newest[0] - newest[-1] + 1)


def _named(term: Comparison) -> list[Side]:
    """A run's name and description are among its words."""
    if not source_of(term.field).in_words:
        return []
    if term.op not in ("=", "contains") or len(term.values) != 1:
        return []
    text = fold_case(getattr(term.values[0], "text", ""))
    # Of a short word only the beginnings of words are indexed.
    if is_short_word(text):
        return []
    return [replace(text_side([text]), exact=False)]


def _union(parts: Iterable[set[int] | None]) -> set[int] | None:
    """All of them, if they are few; the rest is not asked once they are not."""
    together: set[int] = set()
    for part in parts:
        if part is None:
            return None
        together |= part
        if len(together) > FEW:
            return None
    return together
