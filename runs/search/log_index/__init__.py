"""Search in the logs of many runs, by an index of their trigrams."""

from runs.search.log_index.hits import HitFile, HitLine, RunHits, find_hits
from runs.search.log_index.index_state import (
    LogIndexState,
    Unsearched,
    count_unsearched,
    is_index_on,
    is_log_file,
    read_index_state,
    runs_with_logs,
)
from runs.search.log_index.log_pattern import (
    LOG,
    LogPattern,
    log_patterns,
    log_terms,
    read_pattern,
)
from runs.search.log_index.log_text import (
    BLOCK_BYTES,
    block_text,
    folded,
    split_blocks,
)
from runs.search.log_index.matching_runs import (
    Narrow,
    find_matching_runs,
    partial_search,
)

__all__ = [
    "BLOCK_BYTES",
    "LOG",
    "HitFile",
    "HitLine",
    "LogIndexState",
    "LogPattern",
    "Narrow",
    "RunHits",
    "Unsearched",
    "block_text",
    "count_unsearched",
    "find_hits",
    "find_matching_runs",
    "folded",
    "is_index_on",
    "is_log_file",
    "log_patterns",
    "log_terms",
    "partial_search",
    "read_index_state",
    "read_pattern",
    "runs_with_logs",
    "split_blocks",
]
