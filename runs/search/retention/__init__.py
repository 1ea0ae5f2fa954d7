"""What a retention rule would move to the trash, and what it would leave."""

from __future__ import annotations

from runs.search.retention.candidates import (
    Stay,
    matching_runs,
    starred_matches,
    stays_expression,
    without_runs_of_kept_children,
)
from runs.search.retention.rules import find_retention_rule, list_retention_rules
from runs.search.retention.sizes import files_of_kind, sizes_of_runs

__all__ = [
    "Stay",
    "files_of_kind",
    "find_retention_rule",
    "list_retention_rules",
    "matching_runs",
    "sizes_of_runs",
    "starred_matches",
    "stays_expression",
    "without_runs_of_kept_children",
]
