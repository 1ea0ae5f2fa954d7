"""Logged models: the list, one model, and what lists like this one share."""

from runs.search.logged_models.logged_model import (
    MAX_FILES,
    MODEL_FILE,
    RunRows,
    current_model_files,
    find_logged_model,
    find_model_datasets,
    find_model_file,
    list_model_metrics,
    list_readers,
    list_versions_of,
    read_all_model_files,
)
from runs.search.logged_models.model_list import (
    DEFAULT_SORT,
    LoggedModelPage,
    find_logged_models,
)
from runs.search.logged_models.table_filter import (
    FilterFields,
    TableFilter,
)
from runs.search.logged_models.table_page import (
    MAX_COUNTED,
    TablePage,
    TableQuery,
    read_table_page,
    sort_column,
)

__all__ = [
    "DEFAULT_SORT",
    "MAX_COUNTED",
    "MAX_FILES",
    "MODEL_FILE",
    "FilterFields",
    "LoggedModelPage",
    "RunRows",
    "TableFilter",
    "TablePage",
    "TableQuery",
    "current_model_files",
    "find_logged_model",
    "find_logged_models",
    "find_model_datasets",
    "find_model_file",
    "list_model_metrics",
    "list_readers",
    "list_versions_of",
    "read_all_model_files",
    "read_table_page",
    "sort_column",
]
