"""Custom views that a member can see."""

from runs.search.views.missing_items import (
    find_missing_columns,
    find_missing_list,
    find_missing_runs,
)
from runs.search.views.views import (
    filter_by_owner,
    filter_by_words,
    find_default,
    find_defaults,
    find_last_edit,
    find_menu,
    find_revision,
    find_view,
    find_view_change,
    list_deleted_views,
    list_view_revisions,
    split_search_words,
    visible_views_in,
)

__all__ = [
    "filter_by_owner",
    "filter_by_words",
    "find_default",
    "find_defaults",
    "find_last_edit",
    "find_menu",
    "find_missing_columns",
    "find_missing_list",
    "find_missing_runs",
    "find_revision",
    "find_view",
    "find_view_change",
    "list_deleted_views",
    "list_view_revisions",
    "split_search_words",
    "visible_views_in",
]
