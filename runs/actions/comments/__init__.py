"""Add, edit and delete comments on runs and views."""

from __future__ import annotations

from runs.actions.comments.comments import (
    COMMENT_FIELD,
    add_comment,
    delete_comment,
    edit_comment,
    is_author,
    keeps_comment_deleted,
    read_current_comment,
    restore_comment,
)

__all__ = [
    "COMMENT_FIELD",
    "add_comment",
    "delete_comment",
    "edit_comment",
    "is_author",
    "keeps_comment_deleted",
    "read_current_comment",
    "restore_comment",
]
