"""Submit runs without a client: new ones, and resubmitted ones."""

from __future__ import annotations

from runs.actions.submit.environments import (
    delete_environment,
    find_environment,
    read_environment,
    register_environment,
)
from runs.actions.submit.new_runs import (
    SCRIPT_RUN_TYPE,
    NewRuns,
    check_script,
    check_submission,
    get_experiment,
    submit_run,
)
from runs.actions.submit.resubmission import (
    changed_definition,
    find_run_snapshot,
    reason_not_to_resubmit,
    resubmit,
)
from runs.actions.submit.target_tests import submit_target_test

__all__ = [
    "SCRIPT_RUN_TYPE",
    "NewRuns",
    "changed_definition",
    "check_script",
    "check_submission",
    "delete_environment",
    "find_environment",
    "find_run_snapshot",
    "get_experiment",
    "read_environment",
    "reason_not_to_resubmit",
    "register_environment",
    "resubmit",
    "submit_run",
    "submit_target_test",
]
