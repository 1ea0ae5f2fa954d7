"""A run's status follows what the engine says, until its own runner reports."""

from __future__ import annotations

import pytest

from runs.actions.actor import SERVER
from runs.actions.compute import EngineReport, receive_agent_heartbeat
from runs.actions.run import StatusReporter, change_status
from runs.models import Job, Run
from studio.core.compute_kinds import EngineState
from studio.core.statuses import RunStatus
from tests.access.people import make_team
from tests.parts.compute_rows import ComputeScene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> ComputeScene:
    team = make_team()
    return ComputeScene(team.workspace, team.contributor)


def beat(scene: ComputeScene, job: Job, state: EngineState | None) -> Run:
    held = (job.run.run_id, job.attempt)
    assert job.agent is not None
    receive_agent_heartbeat(
        job.agent,
        [held],
        reports={held: EngineReport("7", state, "Slurm job 7: words")},
        usage={},
        is_ending=False,
        now=scene.now,
    )
    return Run.objects.get(pk=job.run_id)


def taken_job(scene: ComputeScene, status: RunStatus, *, heartbeats: bool) -> Job:
    target = scene.target(kind="slurm")
    job = scene.job(target, agent=scene.agent(target, slots=9), run=scene.run())
    Run.objects.filter(pk=job.run_id).update(heartbeats=heartbeats)
    steps = [RunStatus.STARTING, RunStatus.PREPARING, RunStatus.RUNNING]
    for step in [*steps[: steps.index(status)], status]:
        job.run.refresh_from_db()
        change_status(
            job.run,
            step,
            actor=SERVER,
            now=scene.now,
            origin=StatusReporter.LAUNCHER,
        )
    return job


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (EngineState.QUEUED, RunStatus.QUEUED),
        (EngineState.PREPARING, RunStatus.PREPARING),
        (EngineState.RUNNING, RunStatus.STARTING),
        (EngineState.PAUSED, RunStatus.PAUSED),
        (EngineState.UNKNOWN, RunStatus.NOT_RESPONDING),
        # It can't be reached.
        (None, RunStatus.STARTING),
    ],
)
def test_without_a_runner_the_status_is_that_of_the_engine(scene, state, status):
    job = taken_job(scene, RunStatus.STARTING, heartbeats=False)
    assert beat(scene, job, state).state is status
    job.refresh_from_db()
    assert job.engine_job == "7"
    assert job.engine_message == "Slurm job 7: words"
    assert job.engine_state == str(state or "")


def test_a_run_that_waited_in_the_engine_starts_there(scene):
    job = taken_job(scene, RunStatus.STARTING, heartbeats=False)
    assert beat(scene, job, EngineState.QUEUED).state is RunStatus.QUEUED
    job.refresh_from_db()
    started = beat(scene, job, EngineState.RUNNING)
    assert started.state is RunStatus.STARTING


def test_a_runner_knows_better_than_the_engine_unless_it_is_suspended(scene):
    job = taken_job(scene, RunStatus.RUNNING, heartbeats=True)
    for state, status in (
        (EngineState.QUEUED, RunStatus.RUNNING),
        (EngineState.PAUSED, RunStatus.PAUSED),
        (EngineState.RUNNING, RunStatus.RUNNING),
        (EngineState.UNKNOWN, RunStatus.RUNNING),
    ):
        assert beat(scene, job, state).state is status
