"""The steps of a submitted run, as the test of a compute target shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from runs.models import Job, JobAttempt
from runs.search.compute.jobs import list_attempts
from runs.search.compute.queue import find_queue_place, wait_reason_text
from studio.core.statuses import RunStatus


class StepState(StrEnum):
    DONE = "done"
    ACTIVE = "active"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True)
class TestStep:
    """`name` is stable; `message` has the words of the agent, the engine or the run."""

    #: Its name looks like that of a class of tests.
    __test__ = False

    name: str
    text: str
    state: StepState
    message: str = ""


@dataclass(frozen=True)
class _Step:
    name: str
    text: str
    is_done: bool
    message: str


def list_test_steps(job: Job, *, now: int) -> list[TestStep]:
    """Return the steps in their order: done ones, then the one that is under way."""
    found: list[TestStep] = []
    is_over = job.run.state.is_final
    is_open = False
    for step in _steps(job, now):
        if is_open:
            state = StepState.WAITING
        elif step.is_done:
            state = StepState.DONE
        else:
            state = StepState.FAILED if is_over else StepState.ACTIVE
            is_open = True
        message = "" if state is StepState.WAITING else step.message
        if state is StepState.FAILED:
            message = job.run.error or step.message
        found.append(TestStep(step.name, step.text, state, message))
    return found


def _steps(job: Job, now: int) -> list[_Step]:
    run = job.run
    attempts = list_attempts(job)
    is_taken = bool(attempts) and (job.agent_id is not None or job.ended is not None)
    is_queued = job.agent_id is None and job.ended is None
    place = find_queue_place(job, now=now) if is_queued else None
    has_begun = run.state.is_final or run.state in (
        RunStatus.RUNNING,
        RunStatus.FINALIZING,
    )
    has_started = has_begun and run.started is not None
    steps = [
        _Step(
            "agent",
            _("An agent takes the run"),
            is_taken,
            wait_reason_text(place.reason) if place else _agent_names(attempts[-1:]),
        ),
        _Step("start", _("The script starts"), has_started, _start_message(job)),
        _Step("end", _("The script ends"), run.state is RunStatus.COMPLETED, ""),
    ]
    if job.target.kind != "agents":
        is_accepted = bool(job.engine_job) or has_started
        text = _("The engine accepts the job")
        steps.insert(1, _Step("engine", text, is_accepted, job.engine_message))
    return steps


def _start_message(job: Job) -> str:
    return job.engine_message if job.run.started is None else ""


def _agent_names(attempts: list[JobAttempt]) -> str:
    return ", ".join(each.agent_name for each in attempts)
