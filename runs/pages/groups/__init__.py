"""Runs of a list in groups: the choice, the table, and its text formats."""

from __future__ import annotations

from runs.pages.groups.group_formats import (
    build_paper_table,
    groups_response,
)
from runs.pages.groups.group_table import (
    GroupPage,
    find_groups,
    find_groups_for_viewer,
    group_context,
    group_sort_notices,
    grouping_label,
    too_many_runs_text,
    with_all_rows_closed,
)
from runs.pages.groups.group_values import (
    group_value_term,
)
from runs.pages.groups.urls import (
    urlpatterns,
)

__all__ = [
    "GroupPage",
    "build_paper_table",
    "find_groups",
    "find_groups_for_viewer",
    "group_context",
    "group_sort_notices",
    "group_value_term",
    "grouping_label",
    "groups_response",
    "too_many_runs_text",
    "urlpatterns",
    "with_all_rows_closed",
]
