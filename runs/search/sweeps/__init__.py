"""What the runs of a sweep have reached, and which of them a policy stops."""

from __future__ import annotations

from runs.search.sweeps.early_stopping import (
    RunToStop,
    count_values_of_running,
    find_runs_to_stop,
)
from runs.search.sweeps.results import (
    SweepResult,
    best_of,
    count_stopped,
    list_results,
)

__all__ = [
    "RunToStop",
    "SweepResult",
    "best_of",
    "count_stopped",
    "count_values_of_running",
    "find_runs_to_stop",
    "list_results",
]
