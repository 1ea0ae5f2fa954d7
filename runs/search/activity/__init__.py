"""The change sets of a workspace: filtered, counted, in pages, with their changes."""

from __future__ import annotations

from runs.search.activity.change_sets import (
    ActivityPage,
    LaterChange,
    find_activity,
    find_visible_set,
    iterate_activity,
    list_changes_of,
    list_later_changes,
    undone_sets,
)
from runs.search.activity.counts import (
    ActivityCounts,
    count_activity,
    count_changed_runs,
    count_newer,
    first_change_of_token,
    newest_position,
)
from runs.search.activity.matching_sets import (
    ActivityFilter,
    ActivityQuery,
    activity_query,
)

__all__ = [
    "ActivityCounts",
    "ActivityFilter",
    "ActivityPage",
    "ActivityQuery",
    "LaterChange",
    "activity_query",
    "count_activity",
    "count_changed_runs",
    "count_newer",
    "find_activity",
    "find_visible_set",
    "first_change_of_token",
    "iterate_activity",
    "list_changes_of",
    "list_later_changes",
    "newest_position",
    "undone_sets",
]
