"""Plan how to reach the runs that match a filter.

Databases choose by averages, and keys are anything but average: one tag is in every
run, the next in three. So each index scan is probed, with a limit on what that costs.

- If one scan has few runs, only those candidates are looked up.
- Else, if a scan yields its runs in the order of arrival, the rarest of them leads: the
  newest matching runs are read from it until there are enough.
- A scan in another order leads where sorting all of it costs less than that.
- Else many runs match: all runs are read, the newest first, until there are enough.

`docs/performance.md` shows what each part saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import F, Q

from runs.models.grams import fold_case
from runs.search.fields import index_scans_of, source_of
from runs.search.sql import (
    ComputedOrder,
    Expr,
    IndexScan,
    RelatedNames,
    Scope,
    indexed_part,
    search_text_scan,
    word_scans,
)
from studio.core.filters.tree import (
    NEGATED,
    And,
    Comparison,
    Node,
    Or,
    Word,
    terms,
)

Terms = tuple[Node, ...]

#: Candidates that are looked up one by one, and sorted.
MAX_CANDIDATES = 2_000
#: Rows of a scan that are sorted to read a page from it.
MAX_SORTED_TO_PAGE = 5_000
#: Rows of a scan that are sorted to count; sizes of scans are compared up to here.
MAX_SORTED_TO_COUNT = 50_000
#: Scans that one filter probes.
MAX_PROBES = 12


@dataclass(frozen=True)
class LeadScan:
    """Rows of a relation of the run that lead to it: joined by `condition`.

    `arrival` is the column there with the run's key. The rows fulfill `terms`, so these
    are not checked again.
    """

    condition: Q
    arrival: str
    terms: Terms = ()
    is_ordered: bool = False

    @property
    def is_own_index(self) -> bool:
        """Whether it is an index of the runs' own table, in another order."""
        return self.arrival == "pk"


def arrival_order(lead: LeadScan | None) -> Expr:
    """What orders runs by their arrival, however they are reached."""
    if lead is None:
        return F("pk")
    # Of the runs' own indexes only the one that leads is a choice.
    is_sorted = lead.is_own_index and not lead.is_ordered
    return ComputedOrder(F("pk")) if is_sorted else F(lead.arrival)


@dataclass(frozen=True)
class ScanUnion:
    """Scans whose union holds every matching run, and the terms that they fulfill.

    `newest` are the newest runs of one of them, if it is in order; `size` is about how
    many rows they have.
    """

    scans: tuple[IndexScan, ...]
    terms: Terms = ()
    newest: tuple[int, ...] = ()
    size: int = 0

    @property
    def is_ordered(self) -> bool:
        return all(scan.is_ordered for scan in self.scans)

    @property
    def is_windowed(self) -> bool:
        """Whether the rows of some arrivals are found without reading the others."""
        return all(scan.is_ordered or scan.is_windowed for scan in self.scans)


@dataclass(frozen=True)
class Plan:
    """How to reach the matching runs.

    With `candidates`, these are all runs that could match, and some that do not.
    Otherwise runs are read from a lead, for a page or for counting; without a lead,
    from all runs. Each matching run is in at least one of `alternative_leads`, which
    are in the order of arrival: the newest of all are among the newest of each. And it
    is in every one of `unions`, which are all large, and in none of `excluded`, which
    are given where nothing else narrows the runs.
    """

    candidates: tuple[int, ...] | None = None
    page_lead: LeadScan | None = None
    count_lead: LeadScan | None = None
    alternative_leads: tuple[LeadScan, ...] = ()
    unions: tuple[ScanUnion, ...] = ()
    excluded: tuple[ScanUnion, ...] = ()


def plan_for(node: Node | None, scope: Scope, *required: IndexScan) -> Plan:
    """Plan for the runs that fulfill the filter and are in each `required` scan."""
    prober = _ScanProber(scope)
    found = [prober.read_keys_if_few([scan]) for scan in required]
    found.append(None if node is None else prober.candidates_of(node))
    known = [tuple(each) for each in found if each is not None]
    if known:
        return Plan(candidates=min(known, key=len))
    # A small experiment is read rather than a word that is in every run.
    joinable = [scan for scan in required if scan.join]
    small = [
        scan for scan in joinable if prober.estimate_rows(scan) < MAX_SORTED_TO_COUNT
    ]
    large: list[tuple[IndexScan, Terms]] = [(scan, ()) for scan in small]
    large += prober.large
    unions = (*map(prober.build_union, joinable), *prober.unions)
    if not large:
        alternatives = prober.alternative_leads
        excluded = () if unions else prober.excluded_by(node)
        return Plan(
            alternative_leads=alternatives, unions=unions, excluded=tuple(excluded)
        )
    return Plan(
        page_lead=_choose_lead(large, prober, MAX_SORTED_TO_PAGE),
        count_lead=_choose_lead(large, prober, MAX_SORTED_TO_COUNT),
        unions=unions,
    )


def _choose_lead(
    large: Sequence[tuple[IndexScan, Terms]], prober: _ScanProber, max_sorted: int
) -> LeadScan | None:
    """The rarest scan, if it may be sorted; else the rarest one in order."""
    by_size = sorted(
        large, key=lambda e: (prober.estimate_rows(e[0]), not e[0].is_ordered)
    )
    if by_size[0][0].is_compact:
        max_sorted = MAX_SORTED_TO_COUNT
    if prober.estimate_rows(by_size[0][0]) >= max_sorted:
        by_size = [each for each in by_size if each[0].is_ordered]
    return _lead_of_scan(*by_size[0]) if by_size else None


def _lead_of_scan(scan: IndexScan, terms: Terms) -> LeadScan:
    assert scan.join is not None
    arrival = f"{scan.relation}__run_id" if scan.relation else "pk"
    known = terms if scan.is_exact else ()
    return LeadScan(scan.join, arrival, known, scan.is_ordered)


class _ScanProber:
    """Read the first runs of scans, and remember the large ones that could lead."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.probes_left = MAX_PROBES
        self.large: list[tuple[IndexScan, Terms]] = []
        self.unions: list[ScanUnion] = []
        self.alternative_leads: tuple[LeadScan, ...] = ()
        self._newest: dict[int, list[int]] = {}
        self._sizes: dict[int, int] = {}

    @cached_property
    def related_names(self) -> RelatedNames:
        return RelatedNames(self.scope)

    def candidates_of(self, node: Node, *, required: bool = True) -> set[int] | None:
        """All runs that could fulfill the filter, if they are few.

        `required` is false below an OR, where a scan cannot lead.
        """
        if isinstance(node, Comparison):
            return self._candidates_of_term(node, required=required)
        if isinstance(node, (And, Word)):
            return self._candidates_of_all(terms(node), required=required)
        if isinstance(node, Or):
            return _union_if_few(
                self.candidates_of(n, required=False) for n in node.nodes
            )
        # What `not` matches can be almost all runs.
        return None

    def _candidates_of_all(
        self, nodes: Sequence[Node], *, required: bool
    ) -> set[int] | None:
        """The smallest known set that holds every run that fulfills all nodes."""
        words = tuple(node for node in nodes if isinstance(node, Word))
        others = [node for node in nodes if not isinstance(node, Word)]
        found = [self.candidates_of(each, required=required) for each in others]
        if words and self.probes_left > 0:
            found += self._candidates_of_words(words, required=required)
        known = [each for each in found if each is not None]
        return min(known, key=len) if known else None

    def _candidates_of_words(
        self, words: tuple[Word, ...], *, required: bool
    ) -> list[set[int] | None]:
        groups = word_scans([word.text for word in words], self.related_names)
        found = [self.read_keys_if_few(group.scans) for group in groups]
        for group, candidates in zip(groups, found, strict=True):
            if candidates is not None or not required:
                continue
            scans = group.scans
            known = tuple(word for word in words if fold_case(word.text) in group.words)
            if all(scan.is_exact and self._is_readable(scan) for scan in scans):
                self.unions.append(self.build_union(*scans, terms=known))
            if len(scans) == 1 and scans[0].join:
                self.large.append((scans[0], known))
            elif all(scan.is_ordered for scan in scans):
                self.alternative_leads = tuple(
                    _lead_of_scan(scan, known) for scan in scans
                )
        return found

    def _candidates_of_term(
        self, term: Comparison, *, required: bool
    ) -> set[int] | None:
        if self.probes_left <= 0:
            return None
        scans = index_scans_of(term, self.scope) or _word_scans_of_term(term)
        found = self.read_keys_if_few(scans)
        if found is None and required:
            large = [scan for scan in scans if scan.join is not None]
            self.large += [(scan, (term,)) for scan in large]
            counted = [scan for scan in scans if scan.join or scan.is_key_set]
            if len(counted) == 1 and self._is_readable(counted[0]):
                known = (term,) if counted[0].is_exact else ()
                self.unions.append(self.build_union(counted[0], terms=known))
        return found

    def excluded_by(self, node: Node | None) -> Iterator[ScanUnion]:
        """The sets whose runs fail a negated term, where an index has them exactly."""
        for term in terms(node):
            if isinstance(term, Comparison) and term.op in NEGATED:
                positive = replace(term, op=NEGATED[term.op])
                scans = index_scans_of(positive, self.scope)
                if len(scans) == 1 and scans[0].is_exact and scans[0].is_ordered:
                    self._read_keys_of_scan(scans[0])
                    yield self.build_union(scans[0], terms=(term,))

    def read_keys_if_few(self, scans: Sequence[IndexScan]) -> set[int] | None:
        """The runs in any of the scans, if they are few."""
        return (
            _union_if_few(self._read_keys_of_scan(scan) for scan in scans)
            if scans
            else None
        )

    def _read_keys_of_scan(self, scan: IndexScan) -> set[int] | None:
        self.probes_left -= 1
        rows: Any = scan.rows.values_list(scan.column, flat=True)
        # In another order, the database would sort all rows first.
        if scan.is_ordered:
            rows = rows.order_by(f"-{scan.column}")
        found = list(rows[: MAX_CANDIDATES + 1])
        if scan.is_ordered:
            self._newest[id(scan)] = found
        return set(found) if len(found) <= MAX_CANDIDATES else None

    def estimate_rows(self, scan: IndexScan) -> int:
        """About how many rows the scan has, by the distance of its newest rows.

        The rows of a scan in another order are counted, up to `MAX_SORTED_TO_COUNT`.
        A set of keys never leads, so its size tells nothing.
        """
        if scan.is_key_set:
            return 0
        if scan.is_ordered:
            return _estimate_size(self._newest.get(id(scan), ()))
        if id(scan) not in self._sizes:
            rows = scan.rows.values(scan.column)[:MAX_SORTED_TO_COUNT]
            self._sizes[id(scan)] = rows.count()
        return self._sizes[id(scan)]

    def _is_readable(self, scan: IndexScan) -> bool:
        """Whether all keys of a set can be read, where nothing else bounds them."""
        return not scan.is_guessed or scan.guess_rows() < MAX_SORTED_TO_COUNT

    def build_union(self, *scans: IndexScan, terms: Terms = ()) -> ScanUnion:
        known = (self._newest[id(s)] for s in scans if id(s) in self._newest)
        union = ScanUnion(scans, terms, tuple(next(known, ())))
        # What is windowed in another order never leads, so its size tells nothing.
        counted = [s for s in scans if s.is_ordered or not s.is_windowed]
        return replace(union, size=sum(map(self.estimate_rows, counted)))


def _estimate_size(newest: Sequence[int]) -> int:
    if len(newest) < 2:
        return 0
    # Primary keys count arrivals, and the newest rows are taken as evenly spread.
    return len(newest) * newest[0] // (newest[0] - newest[-1] + 1)


def _word_scans_of_term(term: Comparison) -> list[IndexScan]:
    """A run's name and description are among its words."""
    if not source_of(term.field).in_words:
        return []
    text = indexed_part(term)
    if not text:
        return []
    return [replace(search_text_scan([text]), is_exact=False)]


def _union_if_few(parts: Iterable[set[int] | None]) -> set[int] | None:
    """All members, if they are few; stops reading once they are not."""
    members: set[int] = set()
    for part in parts:
        if part is None:
            return None
        members |= part
        if len(members) > MAX_CANDIDATES:
            return None
    return members
