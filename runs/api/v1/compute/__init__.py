"""REST: compute targets, agents, submitted runs, their queues, and secrets."""

from __future__ import annotations

from runs.api.v1.compute.agents import (
    end_attempt,
    receive_agent_heartbeat,
    register_agent,
    take_runs,
)
from runs.api.v1.compute.environments import (
    delete_environment,
    get_environment,
    get_environment_version,
    list_environments,
    register_environment,
)
from runs.api.v1.compute.jobs import (
    change_job,
    create_run_token,
    get_definition,
    get_job,
    list_jobs,
    queue_run,
    set_waiting,
)
from runs.api.v1.compute.secrets import delete_secret, list_secrets, set_secret
from runs.api.v1.compute.submit import resubmit_run
from runs.api.v1.compute.sweeps import create_sweep, get_sweep, start_sweep
from runs.api.v1.compute.target_tests import get_target_test, start_target_test
from runs.api.v1.compute.targets import (
    change_agent,
    change_compute_target,
    create_agent_token,
    create_compute_target,
    list_compute_targets,
    remove_agent,
    remove_compute_target,
)

__all__ = [
    "change_agent",
    "change_compute_target",
    "change_job",
    "create_agent_token",
    "create_compute_target",
    "create_run_token",
    "create_sweep",
    "delete_environment",
    "delete_secret",
    "end_attempt",
    "get_definition",
    "get_environment",
    "get_environment_version",
    "get_job",
    "get_sweep",
    "get_target_test",
    "list_compute_targets",
    "list_environments",
    "list_jobs",
    "list_secrets",
    "queue_run",
    "receive_agent_heartbeat",
    "register_agent",
    "register_environment",
    "remove_agent",
    "remove_compute_target",
    "resubmit_run",
    "set_secret",
    "set_waiting",
    "start_sweep",
    "start_target_test",
    "take_runs",
]
