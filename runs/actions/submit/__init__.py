"""Submit runs without a client: new ones, resubmitted ones, and sweeps."""

from __future__ import annotations

from runs.actions.submit.environments import (
    delete_environment,
    find_environment,
    read_environment,
    register_environment,
)
from runs.actions.submit.new_runs import (
    SCRIPT_RUN_TYPE,
    check_submission,
    submit_run,
)
from runs.actions.submit.resubmission import (
    changed_definition,
    find_run_snapshot,
    reason_not_to_resubmit,
    resubmit,
)
from runs.actions.submit.sweeps import SWEEP_TYPE, create_sweep, start_sweep

__all__ = [
    "SCRIPT_RUN_TYPE",
    "SWEEP_TYPE",
    "changed_definition",
    "check_submission",
    "create_sweep",
    "delete_environment",
    "find_environment",
    "find_run_snapshot",
    "read_environment",
    "reason_not_to_resubmit",
    "register_environment",
    "resubmit",
    "start_sweep",
    "submit_run",
]
