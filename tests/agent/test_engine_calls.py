"""Calls of an executor that wait for each other, and not for the agent's loop."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from studio.agent.agent_api import AgentApi, JobVerdict, TakenJob
from studio.agent.engine_calls import EngineCalls
from studio.agent.executors import MayStart, SubmissionRefused
from studio.agent.held_job import HeldJob, JobEnvironment, Phase
from studio.agent.job_folder import Attempt, JobFolder
from tests.agent.fakes import FakeExecutor, FakeServer
from tests.parts.waiting import becomes


class SlowEngine(FakeExecutor):
    """Its starts wait until the test lets them."""

    def __init__(self) -> None:
        super().__init__(polls=1000)
        self.can_start = threading.Event()
        self.refusal = ""

    def start(self, folder: Path, slot: int, *, may_start: MayStart = None) -> str:
        assert self.can_start.wait(120)
        if self.refusal:
            raise SubmissionRefused(self.refusal)
        return super().start(folder, slot, may_start=may_start)


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def jobs(engine: SlowEngine, tmp_path: Path) -> list[HeldJob]:
    """One whose start is under way, and one that waits for it."""
    shared = JobEnvironment(
        api=AgentApi(FakeServer()),
        executor=engine,
        calls=EngineCalls(lambda: None, 1),
        print_line=lambda _text: None,
        wake=lambda: None,
        clock=lambda: 1000.0,
        cache_folder="",
    )
    made = []
    for name in ("a", "b"):
        attempt = Attempt(name, 1, slot=0, token="rs_t")
        folder = JobFolder.create(tmp_path, attempt)
        taken = TakenJob(name, 1, "digits", "rs_t", definition={}, secrets={})
        job = HeldJob(shared, folder, attempt, taken)
        job.phase = Phase.READY
        job.advance(1000.0)
        made.append(job)
    return made


def advances(job: HeldJob, phase: Phase) -> bool:
    def is_there() -> bool:
        job.advance(1000.0)
        return job.phase is phase

    return becomes(is_there)


def ends_of(job: HeldJob) -> list[tuple[str, str]]:
    server = job.shared.api.client
    assert isinstance(server, FakeServer)
    return server.ends


def test_a_run_that_waits_for_another_submission_is_canceled_at_once(
    engine: SlowEngine, jobs: list[HeldJob]
) -> None:
    first, second = jobs
    assert (first.phase, second.phase) == (Phase.READY, Phase.READY)
    second.follow(JobVerdict("b", 1, "cancel", is_waiting=False), 1000.0)
    second.advance(1000.0)
    assert ends_of(second) == [("b", "Canceled")]
    engine.can_start.set()
    assert advances(first, Phase.RUNNING)
    assert len(engine.slots) == 1


@pytest.mark.parametrize("verdict", ["force", "lost"])
def test_a_run_that_changes_while_its_submission_waits_is_not_submitted(
    engine: SlowEngine, jobs: list[HeldJob], verdict: str
) -> None:
    """Such as before an array, in which it would run a second time."""
    first, _second = jobs
    first.follow(JobVerdict("a", 1, verdict, is_waiting=False), 1000.0)
    first.advance(1000.0)
    assert first.phase is Phase.READY
    engine.can_start.set()
    assert advances(first, Phase.DONE)
    assert "a" not in [name for name, _force in engine.stopped]
    assert ends_of(first) == ([("a", "Canceled")] if verdict == "force" else [])


def test_a_run_that_is_canceled_after_it_was_submitted_is_stopped_there(
    engine: SlowEngine, jobs: list[HeldJob]
) -> None:
    first, _second = jobs
    force = JobVerdict("a", 1, "force", is_waiting=False)
    engine.on_start = lambda: first.follow(force, 1000.0)
    engine.can_start.set()
    assert advances(first, Phase.RUNNING)
    first.advance(1020.0)
    assert becomes(lambda: ("a", True) in engine.stopped)


def test_what_an_engine_refuses_late_fails_the_run(
    engine: SlowEngine, jobs: list[HeldJob]
) -> None:
    engine.refusal = "invalid partition"
    engine.can_start.set()
    assert advances(jobs[0], Phase.DONE)
    assert jobs[0].message == "LaunchFailed: invalid partition"
    assert ends_of(jobs[0])[0] == ("a", "Failed")
