"""Snapshots: runs with the same files, differences of two, and environments."""

from runs.search.snapshots.environments import (
    Environment,
    PackageRow,
    compare_packages,
    read_environments,
)
from runs.search.snapshots.git_state import GitState, find_diff, read_git_state
from runs.search.snapshots.snapshot_diffs import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    FileChange,
    SnapshotDiff,
    compare_members,
)
from runs.search.snapshots.snapshot_runs import (
    SameRuns,
    find_other_run,
    list_candidates,
    runs_with_same_files,
)

__all__ = [
    "ADDED",
    "CHANGED",
    "REMOVED",
    "RENAMED",
    "Environment",
    "FileChange",
    "GitState",
    "PackageRow",
    "SameRuns",
    "SnapshotDiff",
    "compare_members",
    "compare_packages",
    "find_diff",
    "find_other_run",
    "list_candidates",
    "read_environments",
    "read_git_state",
    "runs_with_same_files",
]
