"""Change many runs at once: one action, one change set, one undo."""

from __future__ import annotations

from runs.actions.bulk.bulk_changes import (
    MAX_BULK_RUNS,
    BulkChange,
    BulkResult,
    Skip,
    apply_bulk_change,
    check_bulk_size,
    find_all_skipped,
    with_descendants,
)
from runs.actions.bulk.kinds import (
    CancelChange,
    FlagChange,
    NameChange,
    StarChange,
    TagChange,
)
from runs.actions.bulk.many_runs import (
    lock_runs,
    registered_runs,
    remove_tags_of_runs,
    set_tags_of_runs,
    write_flag_of_runs,
    write_names_of_runs,
    write_stars_of_runs,
)
from runs.actions.bulk.name_patterns import PATTERN_FIELDS, NamePattern, read_pattern

__all__ = [
    "MAX_BULK_RUNS",
    "PATTERN_FIELDS",
    "BulkChange",
    "BulkResult",
    "CancelChange",
    "FlagChange",
    "NameChange",
    "NamePattern",
    "Skip",
    "StarChange",
    "TagChange",
    "apply_bulk_change",
    "check_bulk_size",
    "find_all_skipped",
    "lock_runs",
    "read_pattern",
    "registered_runs",
    "remove_tags_of_runs",
    "set_tags_of_runs",
    "with_descendants",
    "write_flag_of_runs",
    "write_names_of_runs",
    "write_stars_of_runs",
]
