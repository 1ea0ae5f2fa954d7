"""What a target's engine says of a run: shown, and followed while its runner is silent.

A run's own runner knows better. So its status follows the engine only until the runner
sends heartbeats, and while the engine has suspended it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.actions.actor import SERVER
from runs.actions.run import StatusReporter, change_status, lock_run_row
from runs.models import Job, Run
from studio.core import names
from studio.core.compute_kinds import STATUS_OF_STATE, EngineState
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus, can_follow

MAX_ENGINE_JOB = 100


@dataclass(frozen=True)
class EngineReport:
    """The engine's number for the job, its state, and the engine's own words.

    `state` is None if the engine can't be reached, or the job has ended there.
    """

    job: str
    state: EngineState | None
    message: str


def check_engine_report(job: str, state: str, message: str) -> EngineReport:
    """The report of an agent. Raises InvalidValue, InvalidName."""
    states = {str(one): one for one in EngineState}
    if state and state not in states:
        raise InvalidValue(
            _("engine.state must be one of %(states)s.")
            % {"states": ", ".join(states)},
            field="engine.state",
        )
    return EngineReport(
        names.check_text(job, "engine.job", limit=MAX_ENGINE_JOB),
        states.get(state),
        names.check_text(message, "engine.message", limit=names.MAX_ERROR),
    )


def follow_engine(job: Job, report: EngineReport, *, now: int) -> None:
    """Store what the engine says of a taken job, and change its run's status."""
    fields = {
        "engine_job": report.job or job.engine_job,
        "engine_state": str(report.state or ""),
        "engine_message": report.message,
    }
    if any(getattr(job, name) != value for name, value in fields.items()):
        Job.objects.taken().filter(pk=job.pk, attempt=job.attempt).update(**fields)
    status = _find_status(job, report.state)
    if status is None or status is job.run.state:
        return
    run = job.run
    lock_run_row(run)
    run.refresh_from_db(fields=["status", "heartbeats"])
    # The runner can have reported something since.
    status = _find_status(job, report.state)
    if status is not None:
        _change(run, status, report.message, now)


def _change(run: Run, status: RunStatus, message: str, now: int) -> None:
    """Change the status, through Running where only that leads there."""
    running = RunStatus.RUNNING
    steps = [status]
    if not can_follow(run.state, status) and can_follow(running, status):
        steps.insert(0, running)
    for step in steps:
        if not can_follow(run.state, step):
            return
        change_status(
            run,
            step,
            actor=SERVER,
            now=now,
            message=message,
            origin=StatusReporter.LAUNCHER,
        )


def _find_status(job: Job, state: EngineState | None) -> RunStatus | None:
    """The status that follows from the engine's state; None if the runner's counts."""
    run = job.run
    if state is None or run.state is RunStatus.CANCEL_REQUESTED:
        return None
    if run.state is RunStatus.PAUSED and state is EngineState.RUNNING:
        return RunStatus.RUNNING
    if run.heartbeats:
        return RunStatus.PAUSED if state is EngineState.PAUSED else None
    if state is EngineState.RUNNING and run.state is not RunStatus.QUEUED:
        return None
    return STATUS_OF_STATE.get(state)
