"""One run: details, history, tags, origin."""

from runs.search.run.cancel_request import CancelRequest, find_cancel_request
from runs.search.run.details import (
    SYSTEM_TAG_PREFIX,
    KeyValueText,
    RunHead,
    UsedDataset,
    count_descendants,
    count_same_error,
    find_run,
    find_run_name,
    list_datasets,
    list_input_models,
    list_models,
    list_params,
    list_properties,
    list_tags,
    read_metrics,
    status_before_timeout,
)
from runs.search.run.history import (
    HistoryEntry,
    find_change_set_in,
    find_change_set_of,
    last_change_in_workspace_by,
    last_change_of_run_by,
    list_history,
)
from runs.search.run.known_tags import suggest_tag_keys, suggest_tag_values
from runs.search.run.logging_clients import LoggingClient, find_logging_clients

__all__ = [
    "SYSTEM_TAG_PREFIX",
    "CancelRequest",
    "HistoryEntry",
    "KeyValueText",
    "LoggingClient",
    "RunHead",
    "UsedDataset",
    "count_descendants",
    "count_same_error",
    "find_cancel_request",
    "find_change_set_in",
    "find_change_set_of",
    "find_logging_clients",
    "find_run",
    "find_run_name",
    "last_change_in_workspace_by",
    "last_change_of_run_by",
    "list_datasets",
    "list_history",
    "list_input_models",
    "list_models",
    "list_params",
    "list_properties",
    "list_tags",
    "read_metrics",
    "status_before_timeout",
    "suggest_tag_keys",
    "suggest_tag_values",
]
