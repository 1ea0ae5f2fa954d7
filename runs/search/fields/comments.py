"""The field `comment`: runs with a comment that fits.

Comments are few compared with runs, so they are read first.
"""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from runs.models import Comment, Run
from runs.search.fields.field_source import FieldSource
from runs.search.sql import IndexScan, Scope, text_condition
from studio.core.filters.tree import Comparison
from studio.core.messages import message


def _matching_comments(term: Comparison, scope: Scope) -> QuerySet[Comment]:
    rows = Comment.objects.active().filter(workspace=scope.workspace, run__isnull=False)
    if term.op == "is not null":
        return rows
    return rows.filter(text_condition("text", F("text"), term.op, term.values))


def _comment_condition(term: Comparison, scope: Scope) -> Q:
    return Q(pk__in=_matching_comments(term, scope).values("run"))


def _comment_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    runs = Run.objects.filter(pk__in=_matching_comments(term, scope).values("run"))
    return [IndexScan(runs, "pk", is_key_set=True)]


COMMENTS = (
    FieldSource(
        "comment",
        condition=_comment_condition,
        scan=_comment_scan,
        why_not_grouped=message("Comments are no value that runs share."),
    ),
)
