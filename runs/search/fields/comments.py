"""The field `comment`: runs with a comment that fits; a column has all comments.

Comments are few compared with runs, so they are read first.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet

from runs.models import Comment, Run
from runs.search.fields.field_source import CellLink, FieldSource, RunContext
from runs.search.sql import IndexScan, Scope, text_condition
from studio.core.filters.tree import Comparison, Field
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


def _comments_of_run(run: Any, context: RunContext, _field: Field) -> str:
    """All comments, the oldest first, each after the name of its author."""
    return "\n\n".join(
        f"{author}: {text}" if author else text
        for author, text in context.comments(run)
    )


COMMENTS = (
    FieldSource(
        "comment",
        condition=_comment_condition,
        scan=_comment_scan,
        value=_comments_of_run,
        why_not_grouped=message("Comments are no value that runs share."),
        link=CellLink.NONE,
    ),
)
