"""The agent's loop: slots, leases, an absent server, and what stays on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.agent.agent import REFUSED
from studio.agent.agent_api import AgentApi, JobVerdict, TakenJob
from studio.agent.agent_folder import AgentFolder
from studio.agent.engine_calls import EngineCalls
from studio.agent.held_job import HeldJob, JobEnvironment, Phase
from studio.agent.host import Gpu
from studio.agent.job_folder import Attempt, JobFolder
from studio.agent.job_slots import MIN_FREE_BYTES
from studio.core.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    PermissionDenied,
    SignInRequired,
    StudioError,
)
from studio.core.job_files import JobEnd, read_stop_reason, write_end
from studio.sdk.responses import Unreachable
from tests.agent.fakes import FakeExecutor, FakeMachine, FakeServer, queued_job


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "agent", FakeServer("a", "b", "c", "d", "e"))


def test_all_queued_runs_run_and_never_more_than_slots(machine: FakeMachine) -> None:
    assert machine.run(slots=2) == 0
    assert machine.executor.most == 2
    assert len(machine.executor.slots) == 5
    assert set(machine.executor.slots) == {0, 1}
    # The runners reported the ends themselves.
    assert machine.server.ends == []


def test_no_secret_and_no_token_of_an_ended_run_stays(machine: FakeMachine) -> None:
    machine.run()
    files = [path for path in machine.path.rglob("*") if path.is_file()]
    texts = [path.read_text() for path in files]
    assert len([path for path in files if path.name == "attempt.json"]) == 5
    assert not [text for text in texts if "rs_token" in text or "the-secret" in text]


def test_an_absent_server_is_mentioned_once(machine: FakeMachine) -> None:
    absent = Unreachable("http://127.0.0.1:9 cannot be reached: start the server.")
    machine.server.failures = [absent, absent]
    assert machine.run() == 0
    [line] = [line for line in machine.lines if "cannot be reached" in line]
    assert line.endswith("start the server. Trying again.")
    assert "The server responds again." in machine.lines


def test_a_removed_agent_takes_no_more_and_says_so(machine: FakeMachine) -> None:
    refusal = SignInRequired("The token was revoked.")
    machine.executor.on_start = lambda: machine.server.failures.append(refusal)
    assert machine.run(slots=1) == REFUSED
    assert len(machine.executor.slots) == 1
    [line] = [line for line in machine.lines if line.endswith("runs are taken.")]
    assert "an owner removed the agent or revoked its token" in line


def fail_once(machine: FakeMachine, error: StudioError) -> None:
    """Let the server refuse the first request after the start of a run."""

    def refuse() -> None:
        machine.server.failures.append(error)
        machine.executor.on_start = lambda: None

    machine.executor.on_start = refuse


def test_an_agent_that_the_server_does_not_know_registers_again(
    machine: FakeMachine,
) -> None:
    """Such as after a backup was restored."""
    fail_once(machine, NotFound("This token has no agent 1."))
    assert machine.run() == 0
    assert machine.server.registrations == 2
    assert len(machine.executor.slots) == 5


def test_an_agent_that_was_refused_goes_on_when_it_is_no_longer(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.sdk.delivery.retry_policy.BLOCKED_SECONDS", 0.05)
    machine.server.queue = [queued_job("a"), queued_job("b")]
    machine.executor.polls = 5
    fail_once(machine, PermissionDenied("You are a reader."))
    assert machine.run(slots=1) == 0
    assert len(machine.executor.slots) == 2
    assert "You are a reader. No more runs are taken." in machine.lines


def test_an_agent_says_why_the_server_drains_it(machine: FakeMachine) -> None:
    machine.server.queue = [queued_job("a")]

    def upgrade() -> None:
        machine.server.reason = "The agent has version 0.2."

    machine.executor.on_start = upgrade
    machine.executor.polls = 5
    assert machine.run() == 0
    assert "The agent has version 0.2. It takes no more runs." in machine.lines


@pytest.mark.parametrize("is_waited_for", [True, False])
def test_a_draining_agent_takes_only_what_its_runs_wait_for(
    machine: FakeMachine, is_waited_for: bool
) -> None:
    def drain() -> None:
        machine.server.reason = "Drained."
        machine.server.queue = [queued_job("child")]

    machine.server.queue = [queued_job("parent")]
    machine.server.waiting = {"parent"} if is_waited_for else set()
    machine.executor.polls = 8
    machine.executor.on_start = lambda: drain() if not machine.server.reason else None
    assert machine.run() == 0
    assert len(machine.executor.slots) == (2 if is_waited_for else 1)


def test_gpus_that_cannot_be_divided_are_mentioned(machine: FakeMachine) -> None:
    gpus = [Gpu(str(number), "A100", 2**30) for number in range(4)]
    machine.run(slots=3, gpus=gpus)
    [line] = [line for line in machine.lines if "cannot be divided" in line]
    assert line.startswith("4 GPUs cannot be divided among 3 slots: each run can use")


def test_a_refused_registration_ends_the_agent(machine: FakeMachine) -> None:
    machine.server.failures = [Conflict("This agent is too old.")]
    with pytest.raises(Conflict, match="too old"):
        machine.run()


def test_the_name_of_an_agent_that_was_just_lost_is_waited_for(
    machine: FakeMachine,
) -> None:
    """A new container has another folder: the server still knows the old one."""
    machine.server.failures = [AlreadyExists("Another agent named tester serves gpu.")]
    assert machine.run() == 0
    assert len(machine.executor.slots) == 5


def test_a_lost_run_is_killed_without_a_report(machine: FakeMachine) -> None:
    machine.server.queue = [queued_job("a")]
    machine.server.states = {"a": "lost"}
    machine.executor.polls = 1000
    machine.run()
    assert ("a", True) in machine.executor.stopped
    assert machine.server.ends == []


def test_a_runner_that_died_is_reported_as_lost(machine: FakeMachine) -> None:
    machine.server.queue = [queued_job("a")]
    machine.executor.ends_with = ""
    absent = Unreachable("no server")
    # The report is repeated until the server has it.
    machine.executor.on_start = lambda: machine.server.failures.append(absent)
    machine.run()
    assert machine.server.ends == [("a", "lost")]
    assert ("a", True) in machine.executor.stopped


def test_an_attempt_that_its_runner_gave_up_is_reported(machine: FakeMachine) -> None:
    """Nothing else tells the server: the runner ends silently."""
    machine.server.queue = [queued_job("a")]
    machine.executor.ends_with = "lost"
    machine.run()
    assert machine.server.ends == [("a", "lost")]


def test_an_end_that_the_runner_could_not_deliver_is_reported(
    machine: FakeMachine,
) -> None:
    """By another agent, to which the first one left the run."""
    folder = AgentFolder(machine.path)
    JobFolder.create(folder.jobs, Attempt("old", 3, slot=0, token="rs_t"))
    machine.server.queue = []
    machine.executor.ends_with = ""
    machine.run(folder=folder)
    assert machine.server.ends == [("old", "lost")]
    assert "1 run of an earlier start found." in machine.lines


class BrokenFolder(AgentFolder):
    def list_jobs(self) -> list[JobFolder]:
        self.jobs.rmdir()
        return []


def test_a_folder_that_cannot_be_written_is_not_tried_at_once(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.agent.agent.BROKEN_FOLDER_SECONDS", 0.5)
    machine.server.queue = [queued_job("a")]
    machine.run(folder=BrokenFolder(machine.path))
    assert len([line for line in machine.lines if "cannot be written" in line]) == 1


class FullDisk(AgentFolder):
    looks = 0

    def free_bytes(self) -> int:
        self.looks += 1
        return MIN_FREE_BYTES - 1 if self.looks < 3 else MIN_FREE_BYTES


def test_a_full_disk_takes_no_runs(machine: FakeMachine) -> None:
    machine.server.queue = [queued_job("a")]
    folder = FullDisk(machine.path)
    machine.run(folder=folder)
    assert folder.looks >= 3
    assert len([line for line in machine.lines if "200 MB" in line]) == 1
    assert len(machine.executor.slots) == 1


class SmallDisk(AgentFolder):
    """A disk that is full while it has the folder of a job."""

    def free_bytes(self) -> int:
        return 0 if any(self.jobs.iterdir()) else MIN_FREE_BYTES


def test_folders_of_ended_runs_make_way_on_a_full_disk(machine: FakeMachine) -> None:
    machine.server.queue = [queued_job("a"), queued_job("b")]
    folder = SmallDisk(machine.path)
    ended = JobFolder.create(folder.jobs, Attempt("old", 1, slot=0))
    machine.run(folder=folder)
    assert not ended.path.exists()
    assert len(machine.executor.slots) == 2
    assert not any("200 MB" in line for line in machine.lines)


def test_undelivered_data_stays_on_a_full_disk(machine: FakeMachine) -> None:
    folder = AgentFolder(machine.path)
    kept = JobFolder.create(folder.jobs, Attempt("r", 1, slot=0))
    kept.spool.mkdir()
    kept.close_spool()
    folder.remove_delivered([kept])
    assert kept.path.exists()
    folder.close()


def test_ended_runs_leave_only_some_folders(machine: FakeMachine) -> None:
    folder = AgentFolder(machine.path)
    made = [
        JobFolder.create(folder.jobs, Attempt(f"r{number}", 1, slot=0))
        for number in range(4)
    ]
    folder.remove_old(made, keep=2)
    assert [one.path.exists() for one in made] == [False, False, True, True]
    folder.close()


def test_two_agents_never_share_a_folder(tmp_path: Path) -> None:
    first = AgentFolder(tmp_path)
    with pytest.raises(Conflict, match="--name"):
        AgentFolder(tmp_path)
    first.close()
    again = AgentFolder(tmp_path)
    assert again.instance == first.instance
    again.close()


def hold(tmp_path: Path, executor: FakeExecutor) -> HeldJob:
    shared = JobEnvironment(
        api=AgentApi(FakeServer()),
        executor=executor,
        calls=EngineCalls(lambda: None, 0),
        print_line=lambda _text: None,
        wake=lambda: None,
        clock=lambda: 1000.0,
        cache_folder="",
        lease_seconds=120.0,
        agent_name="node1",
    )
    folder = JobFolder.create(tmp_path, Attempt("a", 1, slot=0, token="rs_t"))
    taken = TakenJob("a", 1, "digits", "rs_t", definition={}, secrets={})
    job = HeldJob(shared, folder, Attempt("a", 1, slot=0), taken)
    job.phase = Phase.READY
    return job


def test_a_run_that_was_not_started_is_given_back(tmp_path: Path) -> None:
    job = hold(tmp_path, FakeExecutor())
    job.cancel(1000.0)
    job.advance(1000.0)
    server = job.shared.api.client
    assert isinstance(server, FakeServer)
    assert server.ends == [("a", "returned")]


def test_a_run_whose_agent_is_stopped_says_so(tmp_path: Path) -> None:
    job = hold(tmp_path, FakeExecutor(ends_with=""))
    job.advance(1000.0)
    job.cancel(1000.0)
    reason = "The agent node1 was stopped. Resubmit the run."
    assert read_stop_reason(job.folder.path) == reason
    # The runner could not deliver its end, so the agent reports it.
    write_end(job.folder.path, JobEnd("Canceled", is_delivered=False))
    while job.phase is Phase.RUNNING:
        job.advance(1000.0)
    assert job.message == reason


def test_a_run_that_a_member_canceled_does_not_blame_the_agent(tmp_path: Path) -> None:
    job = hold(tmp_path, FakeExecutor())
    job.advance(1000.0)
    job.follow(JobVerdict("a", 1, "cancel", is_waiting=False), 1000.0)
    job.cancel(1000.0)
    assert read_stop_reason(job.folder.path) == ""


@pytest.mark.parametrize(
    ("later", "phase", "starts"),
    [
        (99, Phase.RUNNING, 1),
        # The lease ends soon: the next heartbeat tells whether to start.
        (101, Phase.READY, 0),
        # Another agent can have it now.
        (121, Phase.DONE, 0),
    ],
)
def test_a_run_starts_only_during_its_lease(
    tmp_path: Path, later: int, phase: Phase, starts: int
) -> None:
    executor = FakeExecutor()
    job = hold(tmp_path, executor)
    job.advance(1000.0 + later)
    assert (job.phase, len(executor.slots)) == (phase, starts)
