"""Agents that take at the same time, on threads with connections of their own."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.compute import (
    create_agent_token,
    create_target,
    lose_attempt,
    register_agent,
    report_status,
    take_runs,
)
from runs.actions.experiments import create_experiment
from runs.actions.run import request_cancel
from runs.actions.submit import submit_run
from runs.models import (
    Agent,
    ComputeTarget,
    Job,
    JobAttempt,
    Member,
    Role,
    Run,
    User,
    Workspace,
    now_ms,
)
from studio.core.errors import AttemptEnded
from studio.core.statuses import RunStatus

AGENTS = 4
RUNS = 24

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def target(committed: None) -> ComputeTarget:
    workspace = Workspace.objects.create(name="default")
    user = User.objects.create(username="ada")
    Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    act: dict[str, Any] = {"actor": Actor(user), "now": now_ms()}
    create_experiment(workspace, "digits", **act)
    target = create_target(workspace, "gpu", **act)
    for number in range(RUNS):
        submit_run(
            workspace,
            experiment="digits",
            definition={"command": "true"},
            snapshot=None,
            target="gpu",
            run_id=f"r{number}",
            **act,
        )
    return target


@pytest.fixture
def agents(target: ComputeTarget) -> list[Agent]:
    user = User.objects.get()
    found = []
    for number in range(AGENTS):
        token, _secret = create_agent_token(target, actor=Actor(user), now=now_ms())
        found.append(
            register_agent(
                token,
                name=f"agent-{number}",
                instance=f"instance-{number}",
                slots=RUNS,
                version="0.2.0",
                host={},
                now=now_ms(),
            )
        )
    return found


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each thread got, all started together."""

    def work(number: int) -> Any:
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AGENTS) as pool:
        return list(pool.map(work, range(AGENTS)))


def take(agent: Agent, free: int = 1) -> list[str]:
    agent = Agent.objects.get(pk=agent.pk)
    held = [
        (job.run.run_id, job.attempt)
        for job in Job.objects.taken().filter(agent=agent).select_related("run")
    ]
    taken = take_runs(agent, free=free, held=held, now=now_ms())
    return [one.run.run_id for one in taken]


def test_no_run_is_given_to_two_agents(agents: list[Agent]) -> None:
    def drain(number: int) -> list[str]:
        found: list[str] = []
        while taken := take(agents[number], free=2):
            found += taken
        return found

    counts = Counter(run for found in at_once(drain) for run in found)
    assert counts == {f"r{number}": 1 for number in range(RUNS)}
    assert JobAttempt.objects.count() == RUNS


def test_limits_hold_among_agents(agents: list[Agent], target: ComputeTarget) -> None:
    ComputeTarget.objects.update(max_per_member=3)
    taken = at_once(lambda number: take(agents[number], free=RUNS))
    assert sum(map(len, taken)) == 3


def test_a_cancel_and_a_take_never_both_get_a_run(agents: list[Agent]) -> None:
    actor = Actor(User.objects.get())

    def work(number: int) -> list[str]:
        if number % 2:
            return [run for _ in range(RUNS) for run in take(agents[number])]
        for run in Run.objects.order_by("pk"):
            request_cancel(run, actor=actor, now=now_ms())
        return []

    given = {run for found in at_once(work) for run in found}
    for run in Run.objects.all():
        # A run that an agent has is stopped by it.
        wanted = RunStatus.CANCEL_REQUESTED if run.run_id in given else None
        assert run.state is (wanted or RunStatus.CANCELED)
    open_jobs = Job.objects.filter(ended__isnull=True)
    assert {job.run.run_id for job in open_jobs.select_related("run")} == given


def test_an_attempt_ends_once(agents: list[Agent]) -> None:
    take(agents[0], free=RUNS)
    jobs = list(Job.objects.select_related("run").order_by("pk"))

    def end(number: int) -> None:
        for job in jobs:
            if number % 2:
                lose_attempt(job, now=now_ms(), message="lost")
            else:
                run = Run.objects.get(pk=job.run_id)
                with contextlib.suppress(AttemptEnded):
                    report_status(
                        run,
                        RunStatus.COMPLETED,
                        attempt=1,
                        actor=Actor(),
                        now=now_ms(),
                    )

    at_once(end)
    for attempt in JobAttempt.objects.select_related("job__run"):
        lost = attempt.outcome == "lost"
        state = attempt.job.run.state
        assert state is (RunStatus.QUEUED if lost else RunStatus.COMPLETED)
        assert (attempt.job.ended is None) is lost
