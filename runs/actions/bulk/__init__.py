"""Change many runs or experiments at once: one action, one change set, one undo."""

from __future__ import annotations

from runs.actions.bulk.bulk_changes import (
    MAX_BULK_RUNS,
    BulkChange,
    BulkResult,
    Skip,
    apply_bulk_change,
    change_batch,
    check_bulk_size,
    find_all_skipped,
    with_descendants,
)
from runs.actions.bulk.experiment_changes import (
    MAX_BULK_EXPERIMENTS,
    ExperimentChange,
    ExperimentFlagChange,
    ExperimentTagChange,
    change_experiments,
    find_skipped_experiments,
)
from runs.actions.bulk.kinds import (
    FlagChange,
    NameChange,
    StarChange,
    TagChange,
)
from runs.actions.bulk.lock_changes import LockChange, lock_experiments_of
from runs.actions.bulk.many_runs import (
    bump_changed_revisions,
    lock_runs,
    registered_runs,
    remove_tags_of_runs,
    set_tags_of_runs,
    write_flag_of_runs,
    write_names_of_runs,
    write_stars_of_runs,
)
from runs.actions.bulk.moves import (
    EXPERIMENT_FIELD,
    MoveChange,
    create_move_target,
    find_move_target,
    is_same_place,
    lock_places,
    read_places,
    restore_places,
)
from runs.actions.bulk.name_patterns import PATTERN_FIELDS, NamePattern, read_pattern
from runs.actions.bulk.status_changes import (
    MANUAL_END_STATUSES,
    CancelChange,
    MarkChange,
    mark_skip,
)

__all__ = [
    "EXPERIMENT_FIELD",
    "MANUAL_END_STATUSES",
    "MAX_BULK_EXPERIMENTS",
    "MAX_BULK_RUNS",
    "PATTERN_FIELDS",
    "BulkChange",
    "BulkResult",
    "CancelChange",
    "ExperimentChange",
    "ExperimentFlagChange",
    "ExperimentTagChange",
    "FlagChange",
    "LockChange",
    "MarkChange",
    "MoveChange",
    "NameChange",
    "NamePattern",
    "Skip",
    "StarChange",
    "TagChange",
    "apply_bulk_change",
    "bump_changed_revisions",
    "change_batch",
    "change_experiments",
    "check_bulk_size",
    "create_move_target",
    "find_all_skipped",
    "find_move_target",
    "find_skipped_experiments",
    "is_same_place",
    "lock_experiments_of",
    "lock_places",
    "lock_runs",
    "mark_skip",
    "read_pattern",
    "read_places",
    "registered_runs",
    "remove_tags_of_runs",
    "restore_places",
    "set_tags_of_runs",
    "with_descendants",
    "write_flag_of_runs",
    "write_names_of_runs",
    "write_stars_of_runs",
]
