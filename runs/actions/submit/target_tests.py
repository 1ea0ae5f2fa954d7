"""The test of a compute target: a run of one second that goes the way of all runs."""

from __future__ import annotations

from runs.actions.actor import Actor
from runs.actions.submit.new_runs import submit_run
from runs.models import ComputeTarget, Run
from studio.core.run_definition import MAX_PRIORITY

TEST_EXPERIMENT = "compute-tests"
TEST_COMMAND = 'sleep 1 && echo "$(uname -n) runs jobs."'


def submit_target_test(target: ComputeTarget, *, actor: Actor, now: int) -> Run:
    """Submit the run of a test, before all others of the queue."""
    return submit_run(
        target.workspace,
        experiment=TEST_EXPERIMENT,
        definition={"command": TEST_COMMAND},
        snapshot=None,
        target=target.name,
        actor=actor,
        now=now,
        name=f"Test of {target.name}",
        priority=MAX_PRIORITY,
    )
