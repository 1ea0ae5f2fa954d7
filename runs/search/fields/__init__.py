"""The server's half of every field: its condition, sort, value, index, facet and link.

`studio.core.filters.catalog` has the half that clients know, under the same names.
"""

from runs.search.fields.changes import (
    actor_condition,
    find_actors,
    moment_condition,
)
from runs.search.fields.field_source import (
    CellLink,
    FieldSource,
    GroupColumn,
    GroupValues,
    OwnColumn,
    RunNumber,
    SortIndex,
)
from runs.search.fields.logs import matching_log_runs
from runs.search.fields.registry import (
    COMPARED,
    FACETS,
    GROUPED,
    HEAVY,
    SOURCES,
    check_client_and_server_halves,
    check_registry,
    index_scans_of,
    source_of,
)
from runs.search.fields.sorting import SortKey, text_sort_key
from runs.search.fields.times import (
    HAS_DURATION,
    IS_CONTINUING,
    duration_expression,
    local_day_of,
)

__all__ = [
    "COMPARED",
    "FACETS",
    "GROUPED",
    "HAS_DURATION",
    "HEAVY",
    "IS_CONTINUING",
    "SOURCES",
    "CellLink",
    "FieldSource",
    "GroupColumn",
    "GroupValues",
    "OwnColumn",
    "RunNumber",
    "SortIndex",
    "SortKey",
    "actor_condition",
    "check_client_and_server_halves",
    "check_registry",
    "duration_expression",
    "find_actors",
    "index_scans_of",
    "local_day_of",
    "matching_log_runs",
    "moment_condition",
    "source_of",
    "text_sort_key",
]
