"""Counting what several large sides have in common, on SQLite.

A run that must be in two large sets costs SQLite a look-up for each member of one. Keys
alone are read from an index ten times as fast: so they are intersected here, newest
first, and only what is in every set is looked up as a run. PostgreSQL intersects by
itself.
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
from django.db.models import Aggregate, F, Q, TextField
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In

from runs.models import Run, RunQuerySet
from runs.search.query import query_plan as ways
from runs.search.query.query_plan import Part, Terms
from runs.search.sql.distinct_values import numbers_of
from runs.search.sql.exists_conditions import TABLES

if TYPE_CHECKING:
    from runs.search.query.run_query import Question

Keys = npt.NDArray[np.int64]

#: So many rows of a side in another order are read at once, if nothing else leads.
WHOLE = 200_000
#: So many rows of a side are read at once.
WINDOW = 500_000
#: Of the lead's newest so many are looked up, to see how many of them match; where many
#: do, the runs are counted one after the other.
TASTE, MOST = 500, 0.25
#: So many candidates are looked up at once.
CHUNK = 16_000
_BEYOND = 2**62


@dataclass(frozen=True)
class Sifted:
    """The newest matching runs by status; `few` are all that could match, if few."""

    counts: dict[int, int]
    few: tuple[int, ...] | None = None


def sift(question: Question, limit: int) -> Sifted | None:
    """Count at the most `limit` matches; None where one after the other is better."""
    parts = question.way.parts
    if connection.vendor != "sqlite" or not parts:
        return None
    parts = tuple(map(_as_values, parts))
    led = [part for part in parts if part.is_ordered]
    if led:
        lead = min(led, key=lambda part: (len(part.sides), part.size))
        share = _tasted(question, lead)
        if share >= MOST:
            return None
        whole = _whole(parts, ways.MANY)
        if whole is None:
            size = int(1.15 * limit / share) if share else WINDOW
            return _Sieve(question, limit, lead, parts).by_windows(size)
    else:
        whole = _whole(parts, WHOLE)
    if whole is None:
        return None
    part, keys = whole
    return _Sieve(question, limit, part, parts).at_once(keys)


def _tasted(question: Question, lead: Part) -> float:
    """The share of the lead's newest runs that match."""
    keys = np.array(lead.newest[:TASTE], dtype=np.int64)
    found = _counted(question.among(_runs(keys), lead.terms), TASTE)
    return found.total() / max(len(keys), 1)


class _Sieve:
    def __init__(
        self, question: Question, limit: int, lead: Part, parts: Sequence[Part]
    ) -> None:
        self.question, self.limit, self.lead = question, limit, lead
        self.others = [part for part in parts if part is not lead and part.is_windowed]
        said = [term for part in (lead, *self.others) for term in part.terms]
        self.said: Terms = tuple(said)
        self.counts: Counter[int] = Counter()
        self.seen = 0
        self.children: Keys | None = None

    def by_windows(self, size: int) -> Sifted:
        """From the newest rows of the lead, in windows that grow as matches are few."""
        above = _BEYOND
        kept: list[Keys] = []
        while True:
            size = min(size, WINDOW)
            keys, end = _newest(self.lead, size, above)
            kept.append(self._sifted(keys, end, above))
            if end == 0 or self.missing <= 0:
                return self._result(kept)
            above = end
            size *= 2

    def at_once(self, keys: Keys) -> Sifted:
        return self._result([self._sifted(keys, 0, _BEYOND)])

    @property
    def missing(self) -> int:
        return self.limit - self.counts.total()

    def _result(self, kept: Sequence[Keys]) -> Sifted:
        few = None
        if self.missing > 0 and sum(map(len, kept)) <= ways.FEW:
            few = tuple(np.concatenate(kept).tolist())
        return Sifted(dict(self.counts), few)

    def _sifted(self, keys: Keys, end: int, above: int) -> Keys:
        """The lead's keys of a window that are in every side; they are counted too."""
        for part in self.others:
            if len(keys):
                keys = keys[_isin(keys, _within(part, end, above))]
        keys = self._without_children(keys)
        at = 0
        while at < len(keys) and self.missing > 0:
            some = keys[at : at + (CHUNK if self.seen else TASTE)]
            runs = self.question.among(_runs(some), self.said)
            self.counts.update(_counted(runs, self.missing))
            self.seen += len(some)
            at += len(some)
            if self.children is None and self._are_mostly_children(len(keys) - at):
                self.children = _keys(Run.objects.filter(parent__isnull=False), "pk")
                keys, at = self._without_children(keys[at:]), 0
        return keys

    def _are_mostly_children(self, left: int) -> bool:
        """Whether leaving out all children costs less than looking each run up."""
        is_poor = self.seen > 2 * self.counts.total()
        return is_poor and left > TASTE and not self.question.has_children

    def _without_children(self, keys: Keys) -> Keys:
        return keys if self.children is None else keys[~_isin(keys, self.children)]


def _runs(keys: Keys) -> RunQuerySet:
    """Looked up by their keys, which are one value however many they are."""
    text = f"[{','.join(map(str, keys.tolist()))}]"
    among = RawSQL("SELECT value FROM json_each(%s)", (text,))
    return Run.objects.filter(Q(In(F("pk"), among)))


def _counted(runs: Any, limit: int) -> Counter[int]:
    """The newest of the runs by status."""
    rows = runs.order_by("-pk").values("status")[:limit]
    try:
        sql, given = rows.query.sql_with_params()
    except EmptyResultSet:
        return Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT status, COUNT(*) FROM ({sql}) AS found GROUP BY status", given
        )
        return Counter(dict(cursor.fetchall()))


class _Together(Aggregate):
    """Numbers as one text: a row each would cost more to fetch than to find."""

    function = "GROUP_CONCAT"
    output_field = TextField()


def _keys(rows: Any, column: str) -> Keys:
    text = rows.aggregate(keys=_Together(column))["keys"]
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _newest(part: Part, size: int, above: int) -> tuple[Keys, int]:
    """The newest keys of the sides below `above`, newest first, and where they end.

    Each side is read to its own depth: below the shallowest some are missing.
    """
    if size >= WINDOW > part.size:
        return _descending(_within(part, 0, above)), 0
    found, end = [], 0
    for side in part.sides:
        rows = side.rows.filter(**{f"{side.column}__lt": above})
        newest = rows.order_by(f"-{side.column}").values(side.column)[:size]
        keys = _keys(newest, side.column)
        found.append(keys)
        if len(keys) == size:
            end = max(end, int(keys.min()))
    keys = _descending(np.concatenate(found))
    return keys[keys >= end], end


def _within(part: Part, end: int, above: int) -> Keys:
    """The keys of the sides in a window, in no order."""
    found = []
    for side in part.sides:
        window = {f"{side.column}__gte": end, f"{side.column}__lt": above}
        found.append(_keys(side.rows.filter(**window), side.column))
    return np.concatenate(found)


def _whole(parts: Sequence[Part], limit: int) -> tuple[Part, Keys] | None:
    """The smallest side that is in another order and its keys, newest first.

    None if they are more than `limit`.
    """
    [*others] = (p for p in parts if not p.is_windowed and p.sides[0].relation)
    if not others:
        return None
    part = min(others, key=lambda part: part.size)
    if part.size >= ways.MANY >= limit:
        return None
    side = part.sides[0]
    keys = _keys(side.rows.values(side.column)[: limit + 1], side.column)
    return (part, _descending(keys)) if len(keys) <= limit else None


def _descending(keys: Keys) -> Keys:
    """Each once; by sorting, for they are sorted almost."""
    keys = np.sort(keys, kind="stable")[::-1]
    is_first = np.ones(len(keys), dtype=np.bool_)
    is_first[1:] = keys[1:] != keys[:-1]
    return keys[is_first]


def _isin(keys: Keys, others: Keys) -> npt.NDArray[np.bool_]:
    """Both have one key once, and all are below the number of runs ever made."""
    return np.isin(keys, others, kind="table")


def _as_values(part: Part) -> Part:
    """A range of few values as those: each is in the order of arrival."""
    [side, *others] = part.sides
    if others or part.is_windowed or side.relation not in TABLES:
        return part
    numbers = numbers_of(side.rows)
    if numbers is None:
        return part
    rows = side.rows.filter(number__in=numbers)
    return replace(part, sides=(replace(side, rows=rows, windowed=True),))
