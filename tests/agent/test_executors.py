"""The contract of executors: what an agent relies on, for each of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.agent.environment_rules import clean_environment
from studio.agent.executors import (
    Executor,
    JobState,
    LocalProcessExecutor,
    RayExecutor,
    SlurmExecutor,
    SshExecutor,
    create_executor,
)
from studio.agent.executors.ssh.remote_job import RemoteJob
from studio.core.compute_kinds import COMPUTE_KINDS
from studio.core.errors import InvalidValue
from studio.core.job_files import JobFile, read_end, read_runner_state, write_job
from tests.agent.conftest import MACHINE, RUNNER, Create
from tests.parts.waiting import becomes, is_gone

#: An orphan that this process must not signal, as one of `sudo`.
FOREIGN_ORPHAN = """
    import os, subprocess
    from studio.agent.executors import process_table
    from studio.sdk.process_tree import become_subreaper
    become_subreaper()
    command = "sleep 600 >/dev/null 2>&1 & echo $!"
    words = ["/bin/sh", "-c", command]
    orphan = int(subprocess.check_output(words, start_new_session=True))
    kill, seen = os.kill, []
    def refuse(pid, number):
        seen.append(pid)
        raise PermissionError
    process_table.KILL_SECONDS = 600
    os.kill = refuse
    process_table.end_orphans(set())
    kill(orphan, 9)
    print(orphan in seen)
    """


@pytest.fixture(params=sorted(COMPUTE_KINDS))
def create(request: pytest.FixtureRequest) -> Create:
    """Each kind of targets has an executor, which must pass everything below."""
    made: Create = request.getfixturevalue(f"create_{request.param}")
    return made


@pytest.fixture
def executor(create: Create) -> Executor:
    return create()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "job"
    (folder / "code").mkdir(parents=True)
    yield folder
    LocalProcessExecutor({}, runner=RUNNER).stop(str(folder), force=True)


def prepare(folder: Path, behavior: str) -> None:
    (folder / "code" / "behavior").write_text(behavior)
    definition = {"script": "train.py"}
    job = JobFile("http://x", "default", "r", "e", definition, "rs_t", {"KEY": "v"})
    write_job(folder, job)


def start(executor: Executor, folder: Path, behavior: str) -> str:
    prepare(folder, behavior)
    handle = executor.start(folder, 0)
    if behavior != "quick":
        assert becomes((place_of(folder) / "ready").exists)
        # Written last: what the script starts has written its own before.
        script = place_of(folder) / "code" / "script"
        assert becomes(lambda: script.exists() and bool(script.read_text()))
    return handle


def place_of(folder: Path) -> Path:
    """Where the runner has the job."""
    job = RemoteJob.load(folder)
    return folder.parent / MACHINE / "jobs" / job.name if job else folder


def pids(folder: Path) -> list[int]:
    texts = [
        path.read_text()
        for name in ("script", "daemon")
        if (path := place_of(folder) / "code" / name).exists()
    ]
    return [int(text) for text in texts if text]


def runner_pid(folder: Path) -> int:
    state = read_runner_state(place_of(folder))
    assert state is not None
    return state.pid


def ends(executor: Executor, handle: str) -> bool:
    return becomes(lambda: executor.poll(handle) is JobState.ENDED)


def test_a_started_job_runs_and_ends(executor: Executor, folder: Path) -> None:
    handle = start(executor, folder, "quick")
    assert ends(executor, handle)
    end = read_end(folder)
    assert end is not None
    assert end.status == "Completed"
    assert not (folder / "job.json").exists()


def test_a_request_to_stop_lets_the_runner_end_in_order(
    executor: Executor, folder: Path
) -> None:
    handle = start(executor, folder, "script")
    assert executor.poll(handle) is JobState.RUNNING
    executor.stop(handle, force=False)
    assert ends(executor, handle)
    end = read_end(folder)
    assert end is not None
    assert end.status == "Canceled"


@pytest.mark.parametrize("behavior", ["daemon", "bare"])
def test_force_leaves_no_process(
    executor: Executor, folder: Path, behavior: str
) -> None:
    """Not even one that left the session of the script, or dropped its variables."""
    handle = start(executor, folder, behavior)
    started = [*pids(folder), runner_pid(folder)]
    executor.stop(handle, force=True)
    assert ends(executor, handle)
    assert len(started) == 3
    assert becomes(lambda: all(map(is_gone, started)))
    assert read_end(folder) is None
    executor.stop(handle, force=True)


def test_what_a_killed_runner_leaves_is_killed(
    executor: Executor, folder: Path
) -> None:
    handle = start(executor, folder, "daemon")
    started = pids(folder)
    os.kill(runner_pid(folder), signal.SIGKILL)
    assert ends(executor, handle)
    executor.stop(handle, force=True)
    assert len(started) == 2
    assert becomes(lambda: all(map(is_gone, started)))


def test_a_job_outlives_its_agent_and_is_found(create: Create, folder: Path) -> None:
    start(create(), folder, "script")
    later = create()
    handle = later.find(folder)
    assert handle is not None
    assert later.poll(handle) is JobState.RUNNING
    later.stop(handle, force=False)
    assert ends(later, handle)


def test_a_job_that_ended_without_its_agent_is_found(
    create: Create, folder: Path
) -> None:
    earlier = create()
    assert ends(earlier, start(earlier, folder, "quick"))
    later = create()
    handle = later.find(folder)
    assert handle is not None
    assert later.poll(handle) is JobState.ENDED


def test_a_job_that_was_not_started_never_starts(create: Create, folder: Path) -> None:
    prepare(folder, "quick")
    assert create().find(folder) is None
    late = create()
    # As if the start of an agent that was killed came only now.
    assert ends(late, late.start(folder, 0))
    assert read_end(folder) is None


def test_a_handle_of_a_deleted_folder_has_ended(
    executor: Executor, tmp_path: Path
) -> None:
    handle = str(tmp_path / "gone")
    assert executor.poll(handle) is JobState.ENDED
    executor.stop(handle, force=True)


def test_a_job_gets_the_device_of_its_slot(folder: Path) -> None:
    prepare(folder, "quick")
    executor = LocalProcessExecutor({"PATH": os.environ["PATH"]}, ("3", "5"), RUNNER)
    assert ends(executor, executor.start(folder, 1))
    names = (folder / "environment").read_text().split()
    assert "CUDA_VISIBLE_DEVICES" in names


def test_the_kind_of_the_target_decides_on_the_executor() -> None:
    made = [create_executor(kind, {}, {"PATH": "/bin"}, ()) for kind in COMPUTE_KINDS]
    assert [type(one) for one in made] == [
        LocalProcessExecutor,
        RayExecutor,
        SlurmExecutor,
        SshExecutor,
    ]
    with pytest.raises(InvalidValue, match=r"kind 'mesos'\. Upgrade run-studio"):
        create_executor("mesos", {}, {}, ())


def test_jobs_get_a_clean_environment() -> None:
    agents = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "https_proxy": "http://p",
        "CUDA_HOME": "/cuda",
        "AWS_SECRET_ACCESS_KEY": "s",
        "WANDB_API_KEY": "w",
        "STUDIO_TOKEN": "rs_agent",
        "STUDIO_HOME": "/var/lib/studio",
        "DATABASE_URL": "postgres://",
    }
    passed = ["WANDB_API_KEY", "STUDIO_TOKEN"]
    assert sorted(clean_environment(agents, passed)) == [
        *("CUDA_HOME", "LC_ALL", "PATH", "WANDB_API_KEY", "https_proxy"),
    ]


def test_an_orphan_of_another_user_is_not_waited_for() -> None:
    words = [sys.executable, "-c", textwrap.dedent(FOREIGN_ORPHAN)]
    output = subprocess.check_output(words, text=True, timeout=120)
    assert output == "True\n"
