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
    group_label,
    group_notices,
    too_many_runs_text,
    without_open_rows,
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
    "group_label",
    "group_notices",
    "group_value_term",
    "groups_response",
    "too_many_runs_text",
    "urlpatterns",
    "without_open_rows",
]
