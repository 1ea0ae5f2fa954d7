"""Count the matching runs by status: the status strip, totals, and what excludes all.

Where only the switches, an experiment and statuses narrow the list, the kept counts
are exact in any number. Otherwise counts are exact up to 10,000 matching runs; beyond,
they cover the newest 10,000, and the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import OrderBy, Sum

from runs.models import Experiment, Run, RunCount, User, Workspace, now_ms
from runs.search.query.intersect_count import (
    NewestStatusCounts,
    count_intersection,
    count_lacking,
)
from runs.search.query.query_plan import MAX_CANDIDATES, LeadScan, arrival_order
from runs.search.query.run_query import RunQuery, build_query
from runs.search.sql import time_limit
from runs.storage.prepared import PreparedRows
from studio.core.errors import InvalidFilter, QueryTimeout
from studio.core.filters import tree
from studio.core.filters.fields import statuses_of
from studio.core.filters.source import FilterText
from studio.core.filters.tree import Comparison, Node, Text, all_of, terms, without_term
from studio.core.statuses import GROUPS, RunStatus
from studio.core.view_spec import ViewSpec

#: Counting more runs would cost more than it tells.
MAX_EXACT_COUNT = 10_000
#: Explaining an empty list is worth less than a list: few terms, and a short time.
MAX_EXPLAINED_TERMS = 6
EXPLAIN_SECONDS = 0.3


@dataclass(frozen=True)
class StatusCounts:
    counts: dict[RunStatus, int]
    exact: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class ExcludingTerm:
    """A term, and how many runs match without it."""

    term: Node
    runs: int
    exact: bool


def count_statuses(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    now: int | None = None,
) -> StatusCounts:
    """Count matching runs by status.

    Terms of the filter on the status itself are left out, so that the strip shows what
    else could be chosen.
    """
    run_query = build_query(
        spec.changed(q=_without_status(spec)),
        viewer,
        workspace,
        now=now_ms() if now is None else now,
        experiment=experiment,
        parent=parent,
    )
    with time_limit():
        return count_by_status(run_query)


def filters_by_status(spec: ViewSpec) -> bool:
    """Whether the strip counts other runs than the filter matches."""
    return any(_is_status_term(term) for term in terms(spec.filter()))


def finds_only_failed_runs(spec: ViewSpec) -> bool:
    """Whether a term of the filter leaves only runs that failed.

    An invalid filter does not: dialogs show the columns of a list all the same.
    """
    try:
        found = terms(spec.filter())
    except InvalidFilter:
        return False
    return any(_is_failure_term(term) for term in found)


def _is_failure_term(term: object) -> bool:
    if not isinstance(term, Comparison):
        return False
    if term.field == tree.attribute("error_kind"):
        return term.op in ("=", "in", "is not null")
    if not _is_status_term(term) or term.op not in ("=", "in"):
        return False
    words = [each.text for each in term.values if isinstance(each, Text)]
    return all(statuses_of(word) <= GROUPS["Failed"] for word in words)


def _without_status(spec: ViewSpec) -> FilterText:
    kept = [term for term in terms(spec.filter()) if not _is_status_term(term)]
    return FilterText.of_tree(all_of(*kept) if kept else None)


def _is_status_term(term: object) -> bool:
    return isinstance(term, Comparison) and term.field == tree.attribute("status")


def find_excluding_terms(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    now: int | None = None,
) -> list[ExcludingTerm]:
    """The terms without which runs would match, the most excluding first.

    Used where no run matches the whole filter.
    """
    node = spec.filter()
    tried = terms(node)
    if len(tried) > MAX_EXPLAINED_TERMS:
        return []
    found: list[ExcludingTerm] = []
    try:
        with time_limit(EXPLAIN_SECONDS):
            for term in tried:
                run_query = build_query(
                    spec.changed(q=FilterText.of_tree(without_term(node, term))),
                    viewer,
                    workspace,
                    now=now_ms() if now is None else now,
                    experiment=experiment,
                )
                counts = count_by_status(run_query)
                found.append(ExcludingTerm(term, counts.total, counts.exact))
    except QueryTimeout:
        # What was found in time is still of use.
        pass
    return sorted((e for e in found if e.runs), key=lambda each: -each.runs)


def count_by_status(run_query: RunQuery) -> StatusCounts:
    """Count the matching runs by status."""
    return count_and_keep_candidates(run_query)[0]


def count_and_keep_candidates(run_query: RunQuery) -> tuple[StatusCounts, RunQuery]:
    """Also return the query, narrowed if counting found that few runs could match."""
    statuses = _statuses_if_only_filter(run_query)
    if statuses is not None:
        kept = _read_stored_counts(run_query).items()
        found = {s: n for s, n in kept if s in statuses}
        return StatusCounts(found, exact=True), run_query
    newest = None
    if run_query.plan.unions:
        newest = count_intersection(run_query, MAX_EXACT_COUNT + 1)
    elif run_query.plan.excluded:
        newest = count_lacking(run_query, MAX_EXACT_COUNT + 1)
    newest = newest or _count_newest_in_sql(newest_run_querysets(run_query))
    if newest.candidates is not None:
        run_query = replace(run_query, candidates=newest.candidates)
    return _status_counts(newest.counts), run_query


def _status_counts(counts: dict[int, int]) -> StatusCounts:
    exact = sum(counts.values()) <= MAX_EXACT_COUNT
    if not exact:
        # One run more than the limit was read, only to see that there are more.
        counts[max(counts, key=counts.__getitem__)] -= 1
    return StatusCounts(
        {RunStatus.from_code(status): n for status, n in counts.items() if n}, exact
    )


def newest_run_querysets(run_query: RunQuery) -> list[Any]:
    """Sets of runs, newest first, that together hold the newest matching runs."""
    leads = run_query.plan.alternative_leads
    if not leads:
        return [newest_runs(run_query)]
    return [_newest_runs_by_lead(run_query, lead) for lead in leads]


def _count_newest_in_sql(sets: Sequence[Any]) -> NewestStatusCounts:
    """Count in SQL: the ORM would limit the groups and not the runs.

    Returns the keys of few runs too, so that a page need not find them again.
    """
    found: list[str] = []
    given: list[Any] = []
    for each in sets:
        try:
            rows = each.values("pk", "status")[: MAX_EXACT_COUNT + 1]
            sql, own = rows.query.sql_with_params()
        # Django raises this for conditions that nothing can fulfill.
        except EmptyResultSet:
            continue
        found.append(f"SELECT pk, status FROM ({sql}) AS part_{len(found)}")
        given += own
    if not found:
        return NewestStatusCounts({}, ())
    # UNION counts a run once that several leads find.
    union = " UNION ".join(found)
    if len(found) > 1:
        union += f" ORDER BY pk DESC LIMIT {MAX_EXACT_COUNT + 1}"
    is_sqlite = connection.vendor == "sqlite"
    keys = "GROUP_CONCAT(pk)" if is_sqlite else "STRING_AGG(pk::text, ',')"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT status, COUNT(*), {keys} FROM ({union}) AS newest GROUP BY status",
            given,
        )
        rows = cursor.fetchall()
    counts = {status: n for status, n, _ in rows}
    if sum(counts.values()) > MAX_CANDIDATES:
        return NewestStatusCounts(counts)
    candidates = tuple(int(key) for row in rows for key in row[2].split(","))
    return NewestStatusCounts(counts, candidates)


def newest_runs(run_query: RunQuery) -> Any:
    """The matching runs, newest first."""
    return _newest_runs_by_lead(run_query, run_query.plan.count_lead)


def _newest_runs_by_lead(run_query: RunQuery, lead: LeadScan | None) -> Any:
    arrival: Any = arrival_order(lead)
    return run_query.runs(lead).order_by(OrderBy(arrival, descending=True))


def _statuses_if_only_filter(run_query: RunQuery) -> frozenset[RunStatus] | None:
    """The statuses that match, if the query depends on nothing else of a run."""
    wanted = frozenset(RunStatus)
    if run_query.is_narrowed:
        return None
    for term in terms(run_query.node):
        if not isinstance(term, Comparison) or not _is_status_term(term):
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


def _read_stored_counts(run_query: RunQuery) -> dict[RunStatus, int]:
    scope, experiment = run_query.scope, run_query.experiment
    places = [scope.workspace.pk, scope.viewer.pk]
    if experiment is not None:
        places.append(experiment.pk)
    sums = _prepare_stored_counts(
        not run_query.spec.archived, not run_query.has_children
    )
    return {RunStatus.from_code(status): n for status, n in sums.all(*places) if n}


@cache
def _prepare_stored_counts(without_archived: bool, only_roots: bool) -> PreparedRows:
    hidden: dict[str, bool] = {}
    if without_archived:
        hidden["is_archived"] = False
    if only_roots:
        hidden["is_root"] = True

    def build_query_of_counts(workspace: Any, viewer: Any, *experiment: Any) -> Any:
        rows = RunCount.objects.filter(
            experiment__workspace=workspace,
            experiment__deleted__isnull=True,
            experiment__workspace__members__user=viewer,
            **hidden,
        )
        for one in experiment:
            rows = rows.filter(experiment=one)
        return rows.values_list("status").annotate(n=Sum("runs"))

    return PreparedRows(build_query_of_counts)
