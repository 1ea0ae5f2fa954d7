"""From a filter to the matching runs: conditions, plan, order, pages and counts."""

from runs.search.query.cursors import (
    RowPosition,
    read_cursor,
    rows_after,
    write_cursor,
)
from runs.search.query.query_plan import LeadScan, Plan, plan_for
from runs.search.query.run_query import (
    RunKeys,
    RunQuery,
    build_query,
    filter_condition,
    runs_matching,
)
from runs.search.query.run_sets import RunSet, read_all_keys, read_run_set
from runs.search.query.segments import (
    Segment,
    SortPart,
    segment_sorted_by_database,
    segments_of,
    sort_parts,
)
from runs.search.query.selection import (
    MAX_IN_ADDRESS,
    MAX_SELECTED,
    SelectedRun,
    VisibleSelection,
    change_selection,
    find_visible_selection,
    selected_ids,
    selected_keys,
    selected_runs,
    series_color,
)
from runs.search.query.status_counts import (
    MAX_EXACT_COUNT,
    StatusCounts,
    count_and_keep_candidates,
    count_by_status,
    count_statuses,
    filters_by_status,
    find_excluding_terms,
    finds_only_failed_runs,
    newest_run_querysets,
    newest_runs,
)
from runs.search.query.view_terms import expand_views

__all__ = [
    "MAX_EXACT_COUNT",
    "MAX_IN_ADDRESS",
    "MAX_SELECTED",
    "LeadScan",
    "Plan",
    "RowPosition",
    "RunKeys",
    "RunQuery",
    "RunSet",
    "Segment",
    "SelectedRun",
    "SortPart",
    "StatusCounts",
    "VisibleSelection",
    "build_query",
    "change_selection",
    "count_and_keep_candidates",
    "count_by_status",
    "count_statuses",
    "expand_views",
    "filter_condition",
    "filters_by_status",
    "find_excluding_terms",
    "find_visible_selection",
    "finds_only_failed_runs",
    "newest_run_querysets",
    "newest_runs",
    "plan_for",
    "read_all_keys",
    "read_cursor",
    "read_run_set",
    "rows_after",
    "runs_matching",
    "segment_sorted_by_database",
    "segments_of",
    "selected_ids",
    "selected_keys",
    "selected_runs",
    "series_color",
    "sort_parts",
    "write_cursor",
]
