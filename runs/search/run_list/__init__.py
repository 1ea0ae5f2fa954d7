"""The run list: rows, columns, tree, export."""

from runs.search.run_list.default_metrics import MAX_COMMON_METRICS, common_metrics
from runs.search.run_list.export import (
    RunExport,
    export_runs,
    exported_columns,
    find_matching_runs,
)
from runs.search.run_list.field_list import FieldList, ListedField, list_fields
from runs.search.run_list.metric_histories import SeriesPart, read_histories
from runs.search.run_list.run_columns import ColumnPage, read_run_columns
from runs.search.run_list.run_page import (
    RANKED_AGGREGATES,
    MoreChildren,
    RunPage,
    RunRow,
    TreePlace,
    best_values,
    find_goals,
    find_runs,
)
from runs.search.run_list.shown_runs import find_shown_runs, place_in_tree
from runs.search.run_list.tag_counts import TagUse, count_tags, keys_of_unlocked
from runs.search.run_list.tree_children import MORE_CHILDREN
from runs.search.run_list.tree_runs import TreePage, find_tree

__all__ = [
    "MAX_COMMON_METRICS",
    "MORE_CHILDREN",
    "RANKED_AGGREGATES",
    "ColumnPage",
    "FieldList",
    "ListedField",
    "MoreChildren",
    "RunExport",
    "RunPage",
    "RunRow",
    "SeriesPart",
    "TagUse",
    "TreePage",
    "TreePlace",
    "best_values",
    "common_metrics",
    "count_tags",
    "export_runs",
    "exported_columns",
    "find_goals",
    "find_matching_runs",
    "find_runs",
    "find_shown_runs",
    "find_tree",
    "keys_of_unlocked",
    "list_fields",
    "place_in_tree",
    "read_histories",
    "read_run_columns",
]
