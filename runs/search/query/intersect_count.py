"""Count the runs that several large index scans have in common.

A run that must be in two large sets costs a look-up for each member of one; PostgreSQL
may read and sort a whole set. Keys alone are read from an index ten times as fast: so
they are intersected here, newest first, and only what is in every set is looked up as a
run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Aggregate, Q, TextField

from runs.models import STATE_INDEX, Run
from runs.search.query import query_plan
from runs.search.query.query_plan import ScanUnion, Terms
from runs.search.sql import TEXT_TABLES, InKeys, distinct_numbers
from studio.core.filters import tree

if TYPE_CHECKING:
    from runs.search.query.run_query import RunQuery

Keys = npt.NDArray[np.int64]

#: Keys of a scan in another order that are read at once, if no scan is in order.
MAX_UNORDERED_KEYS = 200_000
#: Keys of a scan that are read at once.
WINDOW_ROWS = 500_000
#: The newest runs of the lead that are looked up first. If a larger share than
#: MAX_MATCHING_SHARE matches, looking at one run after the other is faster.
SAMPLE_ROWS, MAX_MATCHING_SHARE = 500, 0.25
#: Keys that are read from an index rather than looking up one run.
MAX_KEYS_PER_LOOKUP = 6
#: Candidates that are looked up at once.
CHUNK_RUNS = 16_000
_ABOVE_ALL_KEYS = 2**62


@dataclass(frozen=True)
class NewestStatusCounts:
    """The newest matching runs by status; `candidates` are all that could match, if
    few."""

    counts: dict[int, int]
    candidates: tuple[int, ...] | None = None


def count_intersection(run_query: RunQuery, limit: int) -> NewestStatusCounts | None:
    """Count at most `limit` matches; None where one run after the other is faster."""
    unions = run_query.plan.unions
    unions = tuple(map(_range_as_single_values, unions))
    ordered = [union for union in unions if union.is_ordered]
    if ordered:
        lead = min(ordered, key=lambda union: (len(union.scans), union.size))
        share = _sample_share(run_query, lead)
        if share >= MAX_MATCHING_SHARE:
            return None
        smallest = _read_smallest_unordered(unions, query_plan.MAX_SORTED_TO_COUNT)
        if smallest is None:
            # A little more than the share suggests, so that one window is usually
            # enough.
            size = int(1.15 * limit / share) if share else WINDOW_ROWS
            return _IntersectionCounter(
                run_query, limit, lead, unions
            ).count_by_windows(size)
    else:
        smallest = _read_smallest_unordered(unions, MAX_UNORDERED_KEYS)
    if smallest is None:
        return None
    union, keys = smallest
    return _IntersectionCounter(run_query, limit, union, unions).count_keys(keys)


def count_lacking(run_query: RunQuery, limit: int) -> NewestStatusCounts | None:
    """Count at most `limit` matches where almost all runs are in an excluded set.

    What its index lacks of all keys is looked up, and not each run in the index. None
    where one run after the other is faster.
    """
    runs = Run.objects.in_workspace(run_query.scope.workspace)
    top = (runs.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    for union in run_query.plan.excluded:
        missing_share = 1 - min(union.size / top, 1)
        if missing_share < MAX_MATCHING_SHARE:
            lead = _Lacking(union, top)
            size = int(limit / missing_share) if missing_share else WINDOW_ROWS
            return _IntersectionCounter(run_query, limit, lead, ()).count_by_windows(
                size
            )
    return None


@dataclass(frozen=True)
class _Lacking:
    """The arrivals below `top` that a set lacks, to be read as a set is."""

    union: ScanUnion
    top: int

    @property
    def terms(self) -> Terms:
        return self.union.terms

    def newest_keys(self, size: int, above: int) -> tuple[Keys, int]:
        """The newest keys below `above`, and where they end; most are of no run."""
        above = min(above, self.top)
        end = max(0, above - size)
        keys = np.arange(above - 1, end - 1, -1, dtype=np.int64)
        return keys[~_mask_of_common(keys, _keys_between(self.union, end, above))], end


def _sample_share(run_query: RunQuery, lead: ScanUnion) -> float:
    """The share of the lead's newest runs that match."""
    keys = np.array(lead.newest[:SAMPLE_ROWS], dtype=np.int64)
    found = _count_runs(run_query, keys, lead.terms, SAMPLE_ROWS)
    return found.total() / max(len(keys), 1)


class _IntersectionCounter:
    """Counts the lead's runs that are in all other unions and match."""

    def __init__(
        self,
        run_query: RunQuery,
        limit: int,
        lead: ScanUnion | _Lacking,
        unions: Sequence[ScanUnion],
    ) -> None:
        self.run_query, self.limit, self.lead = run_query, limit, lead
        self.others = [each for each in unions if each is not lead and each.is_windowed]
        # The others become smaller with the keys of the first ones.
        self.others.sort(key=lambda union: union.size)
        self.counts: Counter[int] = Counter()
        self.looked_up = 0
        self.children: Keys | None = None

    def count_by_windows(self, size: int) -> NewestStatusCounts:
        """Read the lead from its newest rows on, in windows that grow."""
        above = _ABOVE_ALL_KEYS
        kept: list[Keys] = []
        while True:
            size = min(size, WINDOW_ROWS)
            if isinstance(self.lead, _Lacking):
                keys, end = self.lead.newest_keys(size, above)
            else:
                keys, end = _newest_keys(self.lead, size, above)
            kept.append(self._count_window(keys, end, above))
            if end == 0 or self.missing <= 0:
                return self._newest_counts(kept)
            above = end
            size *= 2

    def count_keys(self, keys: Keys) -> NewestStatusCounts:
        """Count all keys of a set in no order, which a page would read again."""
        kept = self._count_window(keys, 0, _ABOVE_ALL_KEYS)
        found = self._newest_counts([kept])
        spec = self.run_query.spec
        is_by_arrival = spec.sort.field == tree.attribute("created")
        if connection.vendor == "postgresql" and is_by_arrival:
            is_small = len(kept) <= query_plan.MAX_SORTED_TO_COUNT
            return replace(found, candidates=tuple(kept.tolist()) if is_small else None)
        return found

    @property
    def missing(self) -> int:
        return self.limit - self.counts.total()

    def _newest_counts(self, kept: Sequence[Keys]) -> NewestStatusCounts:
        candidates = None
        is_small = sum(map(len, kept)) <= query_plan.MAX_CANDIDATES
        # Only after everything was read are these all that can match.
        if self.missing > 0 and is_small:
            candidates = tuple(np.concatenate(kept).tolist())
        return NewestStatusCounts(dict(self.counts), candidates)

    def _count_window(self, keys: Keys, end: int, above: int) -> Keys:
        """Count the matching runs of a window; returns the keys that could match."""
        terms: Terms = self.lead.terms
        for union in self.others:
            if not _has_too_many_keys(union, keys, end):
                keys = keys[_mask_of_common(keys, _keys_between(union, end, above))]
                terms += union.terms
        keys = self._without_children(keys)
        at = 0
        while at < len(keys) and self.missing > 0:
            # A small first part shows whether most of the keys are child runs.
            chunk = keys[at : at + (CHUNK_RUNS if self.looked_up else SAMPLE_ROWS)]
            self.counts += _count_runs(self.run_query, chunk, terms, self.missing)
            self.looked_up += len(chunk)
            at += len(chunk)
            if self.children is None and self._are_mostly_children(len(keys) - at):
                self.children = _read_keys(
                    Run.objects.filter(parent__isnull=False), "pk"
                )
                left = self._without_children(keys[at:])
                keys = np.concatenate([keys[:at], left])
        return keys

    def _are_mostly_children(self, left: int) -> bool:
        """Whether leaving out all children costs less than looking each run up."""
        is_poor = self.looked_up > 4 * self.counts.total()
        return is_poor and left > SAMPLE_ROWS and not self.run_query.has_children

    def _without_children(self, keys: Keys) -> Keys:
        return (
            keys
            if self.children is None
            else keys[~_mask_of_common(keys, self.children)]
        )


def _has_too_many_keys(union: ScanUnion, keys: Keys, end: int) -> bool:
    """Whether reading the union's keys costs more than looking up the given ones."""
    if not len(keys) or not union.newest:
        return not len(keys)
    per_arrival = union.size / union.newest[0]
    window = int(keys[0]) - max(end, int(keys[-1])) + 1
    return per_arrival * window > MAX_KEYS_PER_LOOKUP * len(keys)


def _count_runs(
    run_query: RunQuery, keys: Keys, known_terms: Terms, limit: int
) -> Counter[int]:
    """Count at most `limit` of the newest matching runs with these keys, by status.

    The keys are sent as one value. What lists always check is in an index, which takes
    SQLite half the time of the table, but it would look in the table.
    """
    runs = Run.objects.filter(
        Q(InKeys("pk", keys.tolist(), max_gap=InKeys.MAX_GAP_OF_RUNS))
    )
    runs = run_query.filter_runs(
        runs, known_terms, indexed=("workspace_id",), are_few=True
    )
    rows: Any = runs.order_by("-pk").values("status")[:limit]
    try:
        sql, given = rows.query.sql_with_params()
    except EmptyResultSet:
        return Counter()
    if connection.vendor == "sqlite":
        table = connection.ops.quote_name(Run._meta.db_table)
        indexed = f"FROM {table} INDEXED BY {STATE_INDEX}"
        sql = sql.replace(f"FROM {table}", indexed, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT status, COUNT(*) FROM ({sql}) AS found GROUP BY status", given
        )
        return Counter(dict(cursor.fetchall()))


class _ConcatenatedKeys(Aggregate):
    """Numbers as one text: fetching a row for each costs more than finding it."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "STRING_AGG(%(expressions)s::text, ',')"
        return self.as_sql(compiler, connection, template=template, **extra)


def _read_keys(rows: Any, column: str) -> Keys:
    text = rows.aggregate(keys=_ConcatenatedKeys(column))["keys"]
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _newest_keys(union: ScanUnion, size: int, above: int) -> tuple[Keys, int]:
    """The newest keys of the scans below `above`, newest first, and where they end.

    Each scan is read to its own depth: below the shallowest some are missing.
    """
    if size >= WINDOW_ROWS > union.size:
        return _sort_descending(_keys_between(union, 0, above)), 0
    found, end = [], 0
    for scan in union.scans:
        rows = scan.rows.filter(**{f"{scan.column}__lt": above})
        newest = rows.order_by(f"-{scan.column}").values(scan.column)[:size]
        keys = _read_keys(newest, scan.column)
        found.append(keys)
        if len(keys) == size:
            end = max(end, int(keys.min()))
    keys = _sort_descending(np.concatenate(found))
    return keys[keys >= end], end


def _keys_between(union: ScanUnion, end: int, above: int) -> Keys:
    """The keys of the scans in a window, in no order."""
    found = []
    for scan in union.scans:
        window = {f"{scan.column}__gte": end, f"{scan.column}__lt": above}
        found.append(_read_keys(scan.rows.filter(**window), scan.column))
    return np.concatenate(found)


def _read_smallest_unordered(
    unions: Sequence[ScanUnion], limit: int
) -> tuple[ScanUnion, Keys] | None:
    """The smallest scan in another order and its keys, newest first.

    None if it has more than `limit`.
    """
    found = [
        each
        for each in unions
        if not each.is_windowed and (each.scans[0].relation or each.scans[0].is_key_set)
    ]
    if not found:
        return None
    union = min(found, key=lambda union: union.size)
    if union.size >= query_plan.MAX_SORTED_TO_COUNT >= limit:
        return None
    found_keys = []
    for scan in union.scans:
        keys = _read_keys(scan.rows.values(scan.column)[: limit + 1], scan.column)
        if len(keys) > limit:
            return None
        found_keys.append(keys)
    return union, _sort_descending(np.concatenate(found_keys))


def _sort_descending(keys: Keys) -> Keys:
    """Each key once; sorted, since they almost are."""
    keys = np.sort(keys, kind="stable")[::-1]
    is_first = np.ones(len(keys), dtype=np.bool_)
    is_first[1:] = keys[1:] != keys[:-1]
    return keys[is_first]


def _mask_of_common(keys: Keys, others: Keys) -> npt.NDArray[np.bool_]:
    """Both have a key once, and all keys are below the number of runs ever created."""
    return np.isin(keys, others, kind="table")


def _range_as_single_values(union: ScanUnion) -> ScanUnion:
    """Write a range of few numbers as those: each is in the order of arrival."""
    [scan, *others] = union.scans
    if others or union.is_windowed or scan.relation not in TEXT_TABLES:
        return union
    numbers = distinct_numbers(scan.rows)
    if numbers is None:
        return union
    rows = scan.rows.filter(number__in=numbers)
    return replace(union, scans=(replace(scan, rows=rows, is_windowed=True),))
