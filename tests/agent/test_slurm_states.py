"""What a real Slurm cluster does with a job, as the executor sees and reports it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from studio.agent.environment_rules import clean_environment
from studio.agent.executors import (
    EngineReport,
    EngineUnavailable,
    JobState,
    SlurmExecutor,
    SubmissionRefused,
)
from studio.core.compute_kinds import EngineState
from studio.core.job_files import (
    LOST,
    JobEnd,
    JobFile,
    is_runner_alive,
    read_end,
    read_runner_state,
    read_stop_request,
    write_job,
)
from tests.agent.conftest import RUNNER
from tests.parts.engines.slurm import Slurm
from tests.parts.waiting import becomes, is_gone

Submit = Callable[..., str]


def create_executor(
    slurm: Slurm,
    *,
    unknown_seconds: float = 0.5,
    commands: Path | None = None,
    **settings: object,
) -> SlurmExecutor:
    """`commands` has commands that replace those of Slurm."""
    environment = {**clean_environment(os.environ), **slurm.variables}
    if commands is not None:
        environment["PATH"] = f"{commands}:{environment['PATH']}"
    return SlurmExecutor(
        environment,
        {"partition": "main", **settings},
        runner=RUNNER,
        queue_seconds=0.2,
        unknown_seconds=unknown_seconds,
    )


@pytest.fixture
def executor(slurm: Slurm) -> SlurmExecutor:
    return create_executor(slurm)


@pytest.fixture
def folder(tmp_path: Path, slurm: Slurm) -> Iterator[Path]:
    folder = tmp_path / "job"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "behavior").write_text("script")
    definition = {"script": "train.py"}
    write_job(folder, JobFile("http://x", "default", "r", "e", definition, "rs_t"))
    yield folder
    slurm.command("scancel", "--me", "--full", "--signal=KILL")
    assert becomes(lambda: not slurm.command("squeue", "-h").stdout.strip())


def report(executor: SlurmExecutor, handle: str) -> EngineReport:
    executor.poll(handle)
    found = executor.describe(handle)
    assert found is not None
    return found


def reports(executor: SlurmExecutor, handle: str, state: EngineState | None) -> bool:
    return becomes(lambda: report(executor, handle).state is state)


def start(executor: SlurmExecutor, folder: Path) -> str:
    handle = executor.start(folder, 0)
    assert becomes((folder / "ready").exists)
    return handle


def ends(executor: SlurmExecutor, handle: str) -> bool:
    return becomes(lambda: executor.poll(handle) is JobState.ENDED)


def test_a_job_waits_runs_pauses_and_is_canceled_in_slurm(
    slurm: Slurm, folder: Path
) -> None:
    executor = create_executor(slurm, options=["--begin=now+1hour"])
    handle = executor.start(folder, 0)
    assert reports(executor, handle, EngineState.QUEUED)
    waiting = report(executor, handle)
    wanted = f"Slurm job {waiting.job}: PENDING (BeginTime)"
    assert becomes(lambda: report(executor, handle).message == wanted)
    slurm.command("scontrol", "update", f"JobId={waiting.job}", "StartTime=now")
    assert reports(executor, handle, EngineState.RUNNING)
    assert becomes((folder / "ready").exists)
    slurm.command("scontrol", "suspend", waiting.job)
    assert reports(executor, handle, EngineState.PAUSED)
    slurm.command("scontrol", "resume", waiting.job)
    assert reports(executor, handle, EngineState.RUNNING)
    slurm.command("scancel", waiting.job)
    assert ends(executor, handle)
    assert report(executor, handle).code == "Canceled"


def write_sacct(folder: Path, answer: str) -> Path:
    """A `sacct` that notes its calls: a real one needs a database of accounts."""
    folder.mkdir()
    path = folder / "sacct"
    path.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{answer}\n')
    path.chmod(0o755)
    return folder


def test_who_canceled_a_job_is_named_where_slurm_has_accounts(
    slurm: Slurm, folder: Path, tmp_path: Path
) -> None:
    commands = write_sacct(tmp_path / "bin", "echo CANCELLED by 1")
    executor = create_executor(slurm, commands=commands)
    handle = start(executor, folder)
    slurm.command("scancel", report(executor, handle).job)
    assert ends(executor, handle)
    wanted = {"reason": "The job was canceled in Slurm by daemon."}
    assert becomes(lambda: read_stop_request(folder) == wanted)


@pytest.mark.parametrize(
    ("answer", "by"), [("echo CANCELLED by 1", " by daemon"), ("exit 1", "")]
)
def test_who_canceled_a_waiting_job_is_named_where_slurm_has_accounts(
    slurm: Slurm, folder: Path, tmp_path: Path, answer: str, by: str
) -> None:
    commands = write_sacct(tmp_path / "bin", answer)
    executor = create_executor(slurm, commands=commands, options=["--hold"])
    for number in (1, 2):
        (folder / str(number)).mkdir()
        handle = executor.start(folder / str(number), 0)
        job = report(executor, handle).job
        slurm.command("scancel", job)
        assert ends(executor, handle)
        executor.stop(handle, force=True)
        wanted = f"Slurm job {job}: CANCELLED{by} (JobHeldUser)"
        assert report(executor, handle).message == wanted
    # Without accounts they are asked for once.
    calls = (commands / "calls").read_text().splitlines()
    assert len(calls) == (2 if by else 1)


def test_a_job_over_its_time_limit_fails_with_that_reason(
    executor: SlurmExecutor, slurm: Slurm, folder: Path
) -> None:
    handle = start(executor, folder)
    job = report(executor, handle).job
    # What Slurm does at the limit, which it looks at every 30 seconds only.
    slurm.command("scontrol", "update", f"JobId={job}", "EndTime=now+1")
    assert becomes(lambda: bool(read_stop_request(folder)))
    assert read_stop_request(folder)["status"] == "Failed"
    assert read_stop_request(folder)["reason"].startswith("TimeLimit: ")
    assert ends(executor, handle)
    found = report(executor, handle)
    assert (found.state, found.code) == (None, "TimeLimit")


def test_a_controller_that_is_down_starts_nothing_and_forgets_nothing(
    executor: SlurmExecutor, slurm: Slurm, folder: Path, tmp_path: Path
) -> None:
    handle = start(executor, folder)
    slurm.stop("slurmctld")
    try:
        assert becomes(lambda: report(executor, handle).state is None)
        assert "contact slurm controller" in report(executor, handle).message
        assert executor.poll(handle) is JobState.RUNNING
        other = tmp_path / "other"
        other.mkdir()
        with pytest.raises(EngineUnavailable, match="contact slurm controller"):
            executor.start(other, 0)
        # Also an agent that starts now keeps the job.
        assert create_executor(slurm).find(folder) == handle
    finally:
        slurm.start_controller()
    assert becomes(slurm.responds)
    assert reports(executor, handle, EngineState.RUNNING)
    executor.stop(handle, force=True)
    assert ends(executor, handle)


def test_a_start_whose_reply_was_lost_is_not_repeated(
    slurm: Slurm, folder: Path
) -> None:
    earlier = create_executor(slurm)
    start(earlier, folder)
    job = report(earlier, str(folder)).job
    # As if the agent had been killed before it could note the number.
    path = folder / "slurm.json"
    path.write_text(path.read_text().replace(f'"job": "{job}"', '"job": ""'))
    later = create_executor(slurm)
    handle = later.start(folder, 0)
    assert report(later, handle).job == job
    assert len(slurm.command("squeue", "-h").stdout.split("\n")) == 2
    slurm.command("scancel", job)
    assert ends(later, handle)
    # The runner ended in order, and knows that no member wanted it.
    end = read_end(folder)
    assert end is not None
    assert end.status == "Canceled"
    assert read_stop_request(folder) == {"reason": "The job was canceled in Slurm."}


def test_a_job_that_slurm_forgot_is_looked_for_and_given_up(
    executor: SlurmExecutor, slurm: Slurm, folder: Path
) -> None:
    slurm.command("scontrol", "update", "NodeName=localhost", "State=DRAIN", "Reason=x")
    try:
        handle = executor.start(folder, 0)
        path = folder / "slurm.json"
        path.write_text(path.read_text().replace("run-studio-", "other-"))
        later = create_executor(slurm, unknown_seconds=600)
        assert report(later, handle).state is EngineState.UNKNOWN
        assert later.poll(handle) is JobState.RUNNING
        later = create_executor(slurm)
        assert ends(later, handle)
        assert report(later, handle).code == "UnknownJob"
    finally:
        slurm.command("scontrol", "update", "NodeName=localhost", "State=RESUME")


def test_a_job_over_its_memory_fails_with_that_reason(
    slurm: Slurm, folder: Path
) -> None:
    (folder / "code" / "behavior").write_text("hungry")
    executor = create_executor(slurm, memory="120M")
    handle = executor.start(folder, 0)
    assert ends(executor, handle)
    found = report(executor, handle)
    assert found.code == "OutOfMemory"
    assert re.search(r"\. The peak was \d{3} MB of 120 MB$", found.message)


def test_the_run_of_a_lost_node_is_repeated_if_the_target_says_so(
    slurm: Slurm, folder: Path
) -> None:
    executor = create_executor(slurm, can_requeue=True)
    handle = start(executor, folder)
    state = read_runner_state(folder)
    assert state is not None
    wrapper = psutil.Process(state.pid).parent()
    assert wrapper is not None
    slurm.stop("slurmd", signal.SIGKILL)
    try:
        for process in (wrapper.parent(), wrapper, psutil.Process(state.pid)):
            if process is not None and process.pid > 1:
                process.kill()
        slurm.command(
            *("scontrol", "update", "NodeName=localhost", "State=DOWN", "Reason=dead")
        )
        assert ends(executor, handle)
        found = report(executor, handle)
        assert (found.code, found.can_repeat) == ("NodeLost", True)
    finally:
        slurm.start_node()
        slurm.command("scontrol", "update", "NodeName=localhost", "State=RESUME")
    assert becomes(slurm.is_idle)
    assert becomes(lambda: is_gone(state.pid))


@pytest.mark.parametrize(("can_requeue", "status"), [(True, LOST), (False, "Failed")])
def test_a_preempted_run_is_repeated_if_the_target_says_so(
    slurm: Slurm, folder: Path, can_requeue: bool, status: str
) -> None:
    executor = create_executor(slurm, can_requeue=can_requeue)
    handle = start(executor, folder)
    slurm.command("sbatch", "-p", "urgent", "--exclusive", "--wrap=true", "-o/dev/null")
    assert ends(executor, handle)
    found = report(executor, handle)
    assert (found.code, found.can_repeat) == ("Preempted", can_requeue)
    # Slurm says so before the signal has arrived. The runner ends with the reason.
    assert becomes(lambda: read_end(folder) == JobEnd(status, is_delivered=True))
    assert read_stop_request(folder)["reason"].startswith("Preempted: ")


def test_a_job_on_a_full_disk_ends_with_the_words_of_slurm(
    slurm: Slurm, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "x", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("Only root can mount a small file system")
    try:
        write_job(disk, JobFile("http://x", "default", "r", "e", {"script": "a"}, "t"))
        executor = create_executor(slurm, options=["--hold"])
        handle = executor.start(disk, 0)
        with contextlib.suppress(OSError), (disk / "big").open("wb", 0) as big:
            while True:
                big.write(bytes(4096))
        slurm.command("scontrol", "release", report(executor, handle).job)
        assert ends(executor, handle)
        found = report(executor, handle)
        assert found.state is None
        assert found.message.endswith(": FAILED (NonZeroExitCode)")
        assert not is_runner_alive(disk)
        # No second job begins what the first one could not.
        (disk / "big").unlink()
        assert create_executor(slurm).find(disk) == handle
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_what_slurm_refuses_has_its_words(slurm: Slurm, folder: Path) -> None:
    executor = create_executor(slurm, partition="nosuch")
    with pytest.raises(SubmissionRefused, match="invalid partition specified: nosuch"):
        executor.start(folder, 0)
    refused = executor.survey()
    assert refused is not None
    assert "nosuch" in refused.problem
    # What an earlier job had is freed a little after its end.
    assert becomes(slurm.is_idle)
    survey = create_executor(slurm).survey()
    assert survey is not None
    assert (survey.unit, survey.total, survey.busy) == ("CPU", 16, 0)
    assert survey.version.startswith("slurm")
