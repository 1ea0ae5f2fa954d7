"""The field `log`: runs with a line in a log that fits.

The search in logs is imported when it is used: it needs numpy, which would delay every
command of the server by half a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from runs.models import Run
from runs.search.fields.field_source import FieldSource
from runs.search.sql import IndexScan, InKeys, Scope, term_error
from studio.core.filters.tree import Comparison
from studio.core.messages import message

if TYPE_CHECKING:
    from runs.search.log_index import Narrow


def _log_condition(term: Comparison, scope: Scope) -> Q:
    if term.op == "is not null":
        from runs.search.log_index import runs_with_logs

        return runs_with_logs()
    return Q(InKeys("id", sorted(matching_log_runs(term, scope))))


def _log_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op == "is not null":
        return []
    keys = sorted(matching_log_runs(term, scope))
    return [IndexScan(Run.objects.filter(Q(InKeys("id", keys))), "pk", is_key_set=True)]


def matching_log_runs(
    term: Comparison, scope: Scope, narrow: Narrow | None = None
) -> frozenset[int]:
    """The keys of the runs whose logs fit a positive term; of those `narrow` keeps.

    Raises InvalidFilter, also where the index is off; QueryTimeout.
    """
    from runs.search.log_index import find_matching_runs, is_index_on, read_pattern

    pattern = read_pattern(term)
    if pattern in scope.log_runs:
        return scope.log_runs[pattern]
    if not is_index_on(scope.workspace):
        text = _(
            "Search in logs is off in this workspace. An owner can turn it on, on the "
            "page of log search."
        )
        raise term_error(text, term)
    return frozenset(find_matching_runs(scope.workspace, pattern, narrow))


LOGS = (
    FieldSource(
        "log",
        condition=_log_condition,
        scan=_log_scan,
        why_not_grouped=message("A log is no value that runs share. Filter by it."),
    ),
)
