"""REST: comments on runs and views."""

from __future__ import annotations

from runs.api.v1.comments.comments import (
    add_run_comment,
    add_view_comment,
    change_comment,
    comment_infos,
    delete_comment,
    list_run_comments,
    list_view_comments,
)

__all__ = [
    "add_run_comment",
    "add_view_comment",
    "change_comment",
    "comment_infos",
    "delete_comment",
    "list_run_comments",
    "list_view_comments",
]
