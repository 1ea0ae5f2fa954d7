"""How many runs match, by status.

Where nothing but the switches, an experiment and statuses narrow the list, the kept
counts say it, in any number. Else counts are exact up to 10,000 matching runs; beyond,
they are taken over the newest 10,000, and the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import OrderBy, Sum

from runs.models import RunCount
from runs.search.query.intersect_count import Sifted, sift
from runs.search.query.query_plan import FEW, Lead, arrival_of
from runs.search.query.run_query import Question
from runs.storage.prepared import PreparedRows
from studio.core.filters import tree
from studio.core.filters.edit import terms
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Comparison, Text
from studio.core.statuses import RunStatus

#: Counting on would cost more than it tells.
EXACT = 10_000


@dataclass(frozen=True)
class StatusCounts:
    counts: dict[RunStatus, int]
    exact: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def tally(question: Question) -> StatusCounts:
    """The matching runs by status."""
    return tally_and_narrow(question)[0]


def tally_and_narrow(question: Question) -> tuple[StatusCounts, Question]:
    """Also the question, narrowed where counting found that few runs could match."""
    statuses = _statuses(question)
    if statuses is not None:
        kept = _kept(question).items()
        found = {s: n for s, n in kept if s in statuses}
        return StatusCounts(found, exact=True), question
    sifted = sift(question, EXACT + 1) or _counted(newest_parts(question))
    if sifted.few is not None:
        question = replace(question, few=sifted.few)
    return _status_counts(sifted.counts), question


def _status_counts(counts: dict[int, int]) -> StatusCounts:
    exact = sum(counts.values()) <= EXACT
    if not exact:
        counts[max(counts, key=counts.__getitem__)] -= 1
    return StatusCounts(
        {RunStatus.from_code(status): n for status, n in counts.items() if n}, exact
    )


def newest_parts(question: Question) -> list[Any]:
    """Sets of the newest runs of which the newest of all are members."""
    if not question.way.either:
        return [newest(question)]
    return [_newest_by(question, lead) for lead in question.way.either]


def _counted(parts: Sequence[Any]) -> Sifted:
    """Counted in SQL: the ORM would limit the groups and not the runs.

    A page need not look again for what was as hard to find as it is rare.
    """
    found: list[str] = []
    given: list[Any] = []
    for part in parts:
        try:
            rows = part.values("pk", "status")[: EXACT + 1]
            sql, own = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        found.append(f"SELECT pk, status FROM ({sql}) AS part_{len(found)}")
        given += own
    if not found:
        return Sifted({}, ())
    union = " UNION ".join(found)
    if len(found) > 1:
        union += f" ORDER BY pk DESC LIMIT {EXACT + 1}"
    is_sqlite = connection.vendor == "sqlite"
    keys = "GROUP_CONCAT(pk)" if is_sqlite else "STRING_AGG(pk::text, ',')"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT status, COUNT(*), {keys} FROM ({union}) AS newest GROUP BY status",
            given,
        )
        rows = cursor.fetchall()
    counts = {status: n for status, n, _ in rows}
    if sum(counts.values()) > FEW:
        return Sifted(counts)
    return Sifted(counts, tuple(int(k) for row in rows for k in row[2].split(",")))


def newest(question: Question) -> Any:
    """The matching runs, newest first."""
    return _newest_by(question, question.way.to_count)


def _newest_by(question: Question, lead: Lead | None) -> Any:
    arrival: Any = arrival_of(lead)
    order = OrderBy(arrival, descending=True)
    return question.runs(lead).order_by(order)


def _statuses(question: Question) -> frozenset[RunStatus] | None:
    """Which statuses match, if nothing else is asked of a run."""
    wanted = frozenset(RunStatus)
    if question.is_narrowed:
        return None
    for term in terms(question.node):
        if not isinstance(term, Comparison) or term.field != tree.attribute("status"):
            return None
        named = [statuses_of(v.text) for v in term.values if isinstance(v, Text)]
        found = frozenset().union(*named)
        if term.op in ("=", "in"):
            wanted &= found
        elif term.op in ("!=", "not in"):
            wanted -= found
        else:
            return None
    return wanted


def _kept(question: Question) -> dict[RunStatus, int]:
    scope, one = question.scope, question.experiment
    places = [scope.workspace.pk, scope.viewer.pk, *([one.pk] if one else [])]
    kept = _sums(not question.spec.archived, not question.has_children)
    counted = kept.all(*places)
    return {RunStatus.from_code(status): n for status, n in counted if n}


@cache
def _sums(without_archived: bool, only_roots: bool) -> PreparedRows:
    hidden: dict[str, bool] = {}
    if without_archived:
        hidden["is_archived"] = False
    if only_roots:
        hidden["is_root"] = True

    def build(workspace: Any, viewer: Any, *experiment: Any) -> Any:
        rows = RunCount.objects.filter(
            experiment__workspace=workspace,
            experiment__deleted__isnull=True,
            experiment__workspace__members__user=viewer,
            **hidden,
        )
        for one in experiment:
            rows = rows.filter(experiment=one)
        return rows.values_list("status").annotate(n=Sum("runs"))

    return PreparedRows(build)
