"""Submissions that wait while another is under way are one array of a real Slurm."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from studio.agent.executors import (
    JobState,
    SlurmExecutor,
    StartWithdrawn,
    SubmissionRefused,
)
from studio.agent.executors.slurm import QueueRow
from studio.agent.executors.slurm.queue import SlurmQueue
from studio.core.compute_kinds import EngineState
from studio.core.job_files import (
    JobEnd,
    JobFile,
    read_end,
    read_stop_request,
    write_job,
)
from tests.agent.test_slurm_states import create_executor, ends, report
from tests.parts.engines.slurm import Slurm
from tests.parts.waiting import becomes

BEHAVIORS = ("quick", "script", "script")


@pytest.fixture
def folders(tmp_path: Path, slurm: Slurm) -> Iterator[list[Path]]:
    folders = [tmp_path / "runs" / f"run {number}" for number in range(len(BEHAVIORS))]
    for folder, behavior in zip(folders, BEHAVIORS, strict=True):
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "behavior").write_text(behavior)
        definition = {"script": "train.py"}
        write_job(folder, JobFile("http://x", "default", "r", "e", definition, "rs_t"))
    yield folders
    slurm.command("scancel", "--me", "--full", "--signal=KILL")
    assert becomes(lambda: not slurm.command("squeue", "-h").stdout.strip())


def start_waiting(
    executor: SlurmExecutor, folders: Sequence[Path], late: Collection[Path] = ()
) -> list[Future[str]]:
    """As threads of the agent do while one of them is at `sbatch`."""

    def is_due(folder: Path) -> bool:
        return folder not in late

    with ThreadPoolExecutor(len(folders)) as threads, executor.gate.turn:
        started = [
            threads.submit(executor.start, one, 0, may_start=partial(is_due, one))
            for one in folders
        ]
        assert becomes(lambda: len(executor.gate.waiting) == len(folders))
    return started


def test_waiting_submissions_become_one_array_whose_tasks_are_jobs(
    slurm: Slurm, folders: list[Path]
) -> None:
    executor = create_executor(slurm, setup=["echo in $PWD"])
    quick, first, second = [one.result() for one in start_waiting(executor, folders)]
    jobs = [report(executor, one).job for one in (quick, first, second)]
    assert len({job.partition("_")[0] for job in jobs}) == 1
    assert sorted(job.partition("_")[2] for job in jobs) == ["0", "1", "2"]
    assert ends(executor, quick)
    assert read_end(folders[0]) == JobEnd("Completed", is_delivered=True)
    assert (folders[0] / "slurm.log").read_text() == f"in {folders[0]}\n"
    # Each task is stopped alone, and found again by a later agent.
    assert becomes(lambda: all((one / "ready").exists() for one in folders[1:]))
    executor.stop(first, force=False)
    assert ends(executor, first)
    assert read_end(folders[1]) == JobEnd("Canceled", is_delivered=True)
    later = create_executor(slurm)
    assert later.find(folders[2]) == second
    assert later.poll(second) is JobState.RUNNING
    assert report(later, second).state is EngineState.RUNNING
    slurm.command("scancel", report(later, second).job)
    assert ends(later, second)
    assert report(later, second).code == "Canceled"
    reason = {"reason": "The job was canceled in Slurm."}
    assert read_stop_request(folders[2]) == reason


def test_an_array_that_slurm_refuses_has_its_words_for_each_run(
    slurm: Slurm, folders: list[Path]
) -> None:
    executor = create_executor(slurm, partition="nosuch")
    for one in start_waiting(executor, folders):
        with pytest.raises(SubmissionRefused, match="partition specified: nosuch"):
            one.result()
    assert not slurm.command("squeue", "-h").stdout


def test_a_run_that_another_agent_can_have_by_now_stays_out_of_the_array(
    slurm: Slurm, folders: list[Path]
) -> None:
    executor = create_executor(slurm)
    late = {folders[1]}
    first, lost, third = start_waiting(executor, folders, late)
    with pytest.raises(StartWithdrawn):
        lost.result()
    jobs = [report(executor, one.result()).job for one in (first, third)]
    assert sorted(job.partition("_")[2] for job in jobs) == ["0", "1"]
    assert not (folders[1] / "slurm.json").exists()


def test_a_run_without_room_for_its_files_stays_out_of_the_array(
    slurm: Slurm, folders: list[Path]
) -> None:
    executor = create_executor(slurm)
    (folders[1] / "slurm.json").mkdir()
    first, bad, third = start_waiting(executor, folders)
    with pytest.raises(IsADirectoryError):
        bad.result()
    jobs = [report(executor, one.result()).job for one in (first, third)]
    assert sorted(job.partition("_")[2] for job in jobs) == ["0", "1"]


def test_an_accepted_job_is_known_without_room_for_a_note_of_it(
    slurm: Slurm, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folders[0]
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    note, sbatch = folder / "slurm.json", shutil.which("sbatch")
    (bin_folder / "sbatch").write_text(
        f"#!/bin/sh\nmv '{note}' '{note}.first' && mkdir '{note}'\n"
        f'exec {sbatch} "$@"\n'
    )
    (bin_folder / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    executor = create_executor(slurm)
    job = report(executor, executor.start(folder, 0)).job
    assert job
    assert ends(executor, str(folder))
    note.rmdir()
    (folder / "slurm.json.first").rename(note)
    assert not json.loads(note.read_text())["job"]
    assert create_executor(slurm).find(folder) == str(folder)


@pytest.mark.parametrize(
    ("jobs", "state", "calls"),
    [
        (3, "RUNNING", 30),
        (100, "PENDING", 30),
        (550, "RUNNING", 18),
        (1000, "RUNNING", 12),
        (4000, "PENDING", 12),
        # Slurm lists ended jobs for some minutes. They change no more.
        (4000, "COMPLETED", 30),
    ],
)
def test_many_jobs_make_questions_for_the_queue_rarer(
    monkeypatch: pytest.MonkeyPatch, jobs: int, state: str, calls: int
) -> None:
    """In one minute: every 2 seconds for few jobs, every 5 for 1,000."""
    now, asked = [1000.0], []

    def list_queue(_environment: object) -> list[QueueRow]:
        asked.append(now[0])
        return [QueueRow(str(n), state, "", "", f"c-{n}") for n in range(jobs)]

    monkeypatch.setattr("studio.agent.executors.slurm.commands.list_queue", list_queue)
    queue = SlurmQueue({}, clock=lambda: now[0])
    for step in range(60 * 4):
        now[0] = 1000.0 + step / 4
        queue.refresh()
        assert becomes(lambda: not queue.is_asking)
    assert len(asked) == calls


def test_a_controller_that_answers_slowly_is_left_alone_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, asked = [1000.0], []

    def list_queue(_environment: object) -> list[QueueRow]:
        asked.append(now[0])
        now[0] += 8
        return []

    monkeypatch.setattr("studio.agent.executors.slurm.commands.list_queue", list_queue)
    queue = SlurmQueue({}, clock=lambda: now[0])
    while now[0] < 1060:
        queue.refresh()
        assert becomes(lambda: not queue.is_asking)
        now[0] += 0.25
    assert [at - 1000 for at in asked] == [0, 16, 32, 48]
