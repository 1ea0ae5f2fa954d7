"""Compute targets: agents, slots, queues with the reason for waiting, what runs."""

from __future__ import annotations

from runs.search.compute.engines import EngineCapacity
from runs.search.compute.jobs import find_job, find_sweep, list_attempts
from runs.search.compute.past_jobs import list_past_jobs
from runs.search.compute.queue import (
    QueuedJob,
    QueuePlace,
    TargetQueue,
    WaitReason,
    find_queue_place,
    list_queues,
    wait_reason_text,
)
from runs.search.compute.running_jobs import (
    AgentJobs,
    RunningJobs,
    list_running_jobs,
)
from runs.search.compute.target_tests import StepState, TestStep, list_test_steps
from runs.search.compute.targets import (
    AgentSummary,
    Health,
    TargetSummary,
    TargetUse,
    count_target_uses,
    is_at_limit,
    list_agents,
    list_compute_changes,
    list_targets,
)

__all__ = [
    "AgentJobs",
    "AgentSummary",
    "EngineCapacity",
    "Health",
    "QueuePlace",
    "QueuedJob",
    "RunningJobs",
    "StepState",
    "TargetQueue",
    "TargetSummary",
    "TargetUse",
    "TestStep",
    "WaitReason",
    "count_target_uses",
    "find_job",
    "find_queue_place",
    "find_sweep",
    "is_at_limit",
    "list_agents",
    "list_attempts",
    "list_compute_changes",
    "list_past_jobs",
    "list_queues",
    "list_running_jobs",
    "list_targets",
    "list_test_steps",
    "wait_reason_text",
]
