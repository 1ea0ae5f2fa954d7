"""Runs on a machine behind a real sshd, from the queue of a target to their end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.agent.executors import EngineReport, JobState
from studio.agent.executors.ssh.remote_job import RemoteJob
from studio.core.compute_kinds import ssh_script
from studio.core.job_files import JOB_FILE, JobFile, write_job
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_tree import processes_with
from tests.agent.cluster import Cluster
from tests.agent.conftest import RUNNER, Create
from tests.parts.engines.sshd import Sshd, memory_limit
from tests.parts.server import Server
from tests.parts.waiting import becomes, is_gone

LATE_CLOCK = """
import time
real = time.time
time.time = lambda: real() + 3600
"""
LOGGING = """
import os
from studio.sdk import Run
run = Run.get_context()
run.log("loss", 0.5)
print(os.environ["FROM_SETUP"], os.environ.get("STUDIO_SSH_CONFIG"))
os.makedirs("outputs")
open("outputs/model.txt", "w").write("weights")
"""


@pytest.fixture
def cluster(sshd: Sshd, server: Server, tmp_path: Path) -> Iterator[Cluster]:
    yield from create(sshd, server, tmp_path)


def create(
    sshd: Sshd, server: Server, folder: Path, **settings: Any
) -> Iterator[Cluster]:
    (folder / "clock").mkdir()
    (folder / "clock" / "sitecustomize.py").write_text(LATE_CLOCK)
    setup = ["export FROM_SETUP=yes", f"export PYTHONPATH={folder / 'clock'}"]
    values = sshd.settings(setup=setup, max_jobs=2, **settings)
    cluster = Cluster.create(server, folder, kind="ssh", settings=values)
    yield cluster
    cluster.end()
    sshd.end_jobs()


def start_agent(cluster: Cluster, sshd: Sshd, *words: str) -> subprocess.Popen[str]:
    return cluster.start_agent(*words, variables=sshd.variables)


def sleeper(marker: Path) -> list[str]:
    """Writes its process id, and ends when another file appears."""
    code = (
        "import os, pathlib, time\n"
        f"marker = pathlib.Path({str(marker)!r})\n"
        "marker.open('a').write(f'{os.getpid()} ')\n"
        "while not marker.with_name('go').exists(): time.sleep(0.05)"
    )
    return [sys.executable, "-c", code]


def job_of(cluster: Cluster, run: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.owner.get(f"runs/{run}/job")
    return found


def test_runs_use_a_machine_whose_clock_is_an_hour_ahead(
    cluster: Cluster, sshd: Sshd
) -> None:
    good = cluster.queue([sys.executable, "-c", LOGGING])
    endless = [sys.executable, "-c", "import time; time.sleep(600)"]
    long = cluster.queue(endless, maxRunDurationSeconds=1)
    start_agent(cluster, sshd)
    assert cluster.becomes(good, "Completed"), cluster.log
    assert cluster.log_of(good).startswith("yes None\n")
    files = cluster.owner.get(f"runs/{good}/files")
    assert "outputs/model.txt" in [one["path"] for one in files["files"]]
    assert cluster.owner.get(f"runs/{good}/metrics")["metrics"][0]["last"] == 0.5
    assert cluster.becomes(long, "Failed"), cluster.log
    assert "exceeded its time limit of 1 seconds" in cluster.run(long)["error"]
    assert becomes(lambda: not any((sshd.home / "jobs").iterdir()))


def test_a_run_outlives_its_connection_its_agent_and_its_keeper(
    cluster: Cluster, sshd: Sshd, tmp_path: Path
) -> None:
    marker = tmp_path / "pid"
    run = cluster.queue(sleeper(marker))
    first = start_agent(cluster, sshd)
    assert becomes(lambda: job_of(cluster, run)["engine_state"] == "running")
    keeper = int(job_of(cluster, run)["engine_job"])
    sshd.stop()
    try:
        refused = "Connection refused"
        assert becomes(lambda: refused in job_of(cluster, run)["engine_message"])
        assert job_of(cluster, run)["engine_state"] == "unreachable"
        first.kill()
        os.kill(keeper, 9)
    finally:
        sshd.start()
    assert cluster.becomes(run, "Running")
    start_agent(cluster, sshd)
    assert becomes(lambda: job_of(cluster, run)["engine_job"] not in ("", str(keeper)))
    (tmp_path / "go").touch()
    assert cluster.becomes(run, "Completed"), cluster.log
    assert len(marker.read_text().split()) == 1


def test_a_run_is_killed_on_a_machine_that_its_agent_does_not_reach(
    cluster: Cluster, sshd: Sshd, tmp_path: Path
) -> None:
    marker = tmp_path / "pid"
    run = cluster.queue(sleeper(marker))
    start_agent(cluster, sshd)
    assert cluster.becomes(run, "Running"), cluster.log
    assert becomes(marker.exists)
    sshd.stop()
    try:
        cluster.owner.post(f"runs/{run}/cancel", {"kill": True})
        assert cluster.becomes(run, "Canceled"), cluster.log
        assert becomes(lambda: is_gone(int(marker.read_text())))
        second = cluster.queue([sys.executable, "-c", "print(1)"])
        refused = "Connection refused"
        assert becomes(lambda: refused in job_of(cluster, second)["engine_message"])
        assert cluster.status(second) == "Queued"
        cluster.owner.post(f"runs/{second}/cancel", {})
        assert cluster.becomes(second, "Canceled"), cluster.log
    finally:
        sshd.start()
    assert becomes(lambda: not any((sshd.home / "jobs").iterdir()))


def test_a_run_that_needs_too_much_memory_fails_with_its_peak(
    sshd: Sshd, server: Server, tmp_path: Path
) -> None:
    with memory_limit(300) as line:
        values = sshd.settings(setup=[line])
        cluster = Cluster.create(server, tmp_path, kind="ssh", settings=values)
        try:
            run = cluster.queue([sys.executable, "-c", "x = b'x' * (600 << 20)"])
            start_agent(cluster, sshd)
            assert cluster.becomes(run, "Failed"), cluster.log
            error = cluster.run(run)["error"]
            assert error.startswith("OutOfMemory: the memory limit was reached. The ")
            assert re.search(r"peak was (29\d|300) MB of 300 MB\.", error)
        finally:
            cluster.end()
            sshd.end_jobs()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("host key", "REMOTE HOST IDENTIFICATION HAS CHANGED! Host key verification"),
        ("client key", "Permission denied (publickey)"),
        ("python", "/nowhere/python: "),
        ("setup", "no such module: cuda"),
        ("disk", "No space left on device"),
    ],
)
def test_a_run_that_can_t_start_fails_with_the_words_of_the_machine(
    sshd: Sshd, server: Server, tmp_path: Path, what: str, words: str
) -> None:
    settings: dict[str, Any] = {}
    disk = tmp_path / "disk"
    if what == "host key":
        sshd.create_key("other")
        key = (sshd.folder / "other.pub").read_text()
        (sshd.folder / "known").write_text(f"[127.0.0.1]:{sshd.port} {key}")
    elif what == "client key":
        (sshd.folder / "client.pub").rename(sshd.folder / "kept")
    elif what == "python":
        settings = {"python": "/nowhere/python"}
    elif what == "setup":
        settings = {"setup": ["echo no such module: cuda; exit 1"]}
    else:
        disk.mkdir()
        size = ["-o", "size=100k"]
        mount = ["mount", "-t", "tmpfs", *size, "x", str(disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("Only root can mount a small file system")
        settings = {"folder": str(disk)}
    try:
        values = sshd.settings(**settings)
        cluster = Cluster.create(server, tmp_path, kind="ssh", settings=values)
        run = cluster.queue([sys.executable, "-c", "print(1)"])
        start_agent(cluster, sshd)
        assert cluster.becomes(run, "Failed"), cluster.log
        error = cluster.run(run)["error"]
        assert error.startswith("LaunchFailed: 127.0.0.1: ")
        assert words in error
    finally:
        cluster.end()
        sshd.end_jobs()
        sshd.trust_key()
        if what == "client key":
            (sshd.folder / "kept").rename(sshd.folder / "client.pub")
        if what == "disk":
            subprocess.run(["umount", "-l", disk], check=True)


def test_a_start_that_an_earlier_agent_began_does_not_come_late(
    create_ssh: Create, sshd: Sshd, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    (folder / "code").mkdir(parents=True)
    (folder / JOB_FILE).touch()
    RemoteJob(folder, "job-1").save()
    executor = create_ssh()
    handle = executor.find(folder)
    assert handle is not None
    assert becomes(lambda: executor.poll(handle) is JobState.ENDED)
    assert executor.describe(handle) == EngineReport("", None)
    assert not (sshd.home / "jobs" / "job-1").exists()


def command_of(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        return []


def test_cut_connections_start_no_runner_twice(
    create_ssh: Create, sshd: Sshd, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "behavior").write_text("script")
    write_job(folder, JobFile("http://x", "default", "r", "e", {}, "rs_t"))
    executor = create_ssh()
    handle = executor.start(folder, 0)
    for _cut in range(4):
        assert becomes(sshd.cut)
    job = RemoteJob.load(folder)
    assert job is not None
    place = sshd.home / "jobs" / job.name
    assert becomes((place / "ready").exists)
    runners = [
        pid
        for pid in processes_with(AGENT_VARIABLE, str(place))
        if RUNNER[1] in command_of(pid)[2:3]
    ]
    assert len(runners) == 1
    executor.stop(handle, force=True)
    assert becomes(lambda: is_gone(runners[0]))


def test_the_client_comes_before_what_the_setup_adds() -> None:
    keeper = "studio.agent.executors.ssh.keeper"
    settings = {"python": "~/my env/python", "setup": ["module load cuda"]}
    lines = ssh_script(settings, ["-m", "r"], "2,3").splitlines()
    assert lines[1:] == [
        "export CUDA_VISIBLE_DEVICES=2,3",
        "module load cuda",
        'export PYTHONPATH="$STUDIO_AGENT_CLIENT${PYTHONPATH:+:$PYTHONPATH}"',
        f"exec ~/'my env/python' -m {keeper} \"$STUDIO_AGENT_JOB\" -m r",
    ]
