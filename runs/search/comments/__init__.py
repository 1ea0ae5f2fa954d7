"""Comments of runs and views, and the members whom they can mention."""

from runs.search.comments.comments import (
    count_comments,
    find_comment,
    find_members_by_name,
    list_comments,
    list_newest_comments,
    suggest_members,
)

__all__ = [
    "count_comments",
    "find_comment",
    "find_members_by_name",
    "list_comments",
    "list_newest_comments",
    "suggest_members",
]
