"""Compute targets, agents, the queue, and what runs on them get: tokens, secrets."""

from __future__ import annotations

from runs.actions.compute.agent_heartbeats import RunOrder, receive_agent_heartbeat
from runs.actions.compute.agents import (
    agent_command,
    create_agent_token,
    drain_agent,
    find_version_refusal,
    register_agent,
    remove_agent,
)
from runs.actions.compute.attempts import (
    is_attempt_lost,
    lose_attempt,
    renew_lease,
    report_status,
    requeue_lost_jobs,
)
from runs.actions.compute.engine_reports import EngineReport, check_engine_report
from runs.actions.compute.queue import (
    check_priority,
    insert_jobs,
    job_settings,
    move_job_to_top,
    queue_run,
    set_job_priority,
)
from runs.actions.compute.run_tokens import check_can_control, create_token_for_script
from runs.actions.compute.secrets import (
    check_secrets_exist,
    delete_secret,
    find_secret,
    set_secret,
)
from runs.actions.compute.taking import (
    HeldRun,
    TakenRun,
    may_have_runs,
    take_runs,
    unknown_agent,
)
from runs.actions.compute.targets import (
    change_target,
    create_target,
    find_target,
    get_local_target,
    remove_target,
)
from runs.actions.compute.waiting import set_waiting

__all__ = [
    "EngineReport",
    "HeldRun",
    "RunOrder",
    "TakenRun",
    "agent_command",
    "change_target",
    "check_can_control",
    "check_engine_report",
    "check_priority",
    "check_secrets_exist",
    "create_agent_token",
    "create_target",
    "create_token_for_script",
    "delete_secret",
    "drain_agent",
    "find_secret",
    "find_target",
    "find_version_refusal",
    "get_local_target",
    "insert_jobs",
    "is_attempt_lost",
    "job_settings",
    "lose_attempt",
    "may_have_runs",
    "move_job_to_top",
    "queue_run",
    "receive_agent_heartbeat",
    "register_agent",
    "remove_agent",
    "remove_target",
    "renew_lease",
    "report_status",
    "requeue_lost_jobs",
    "set_job_priority",
    "set_secret",
    "set_waiting",
    "take_runs",
    "unknown_agent",
]
