"""The contract of each kind of targets, from a member's view: at most eight runs
on real engines, whose agent, server and engine are restarted too.

`test_executors.py` is the contract of the executors themselves.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from studio.core.compute_kinds import COMPUTE_KINDS
from studio.core.errors import NotFound
from tests.agent.cluster import Cluster
from tests.parts.engines.ray import Ray
from tests.parts.engines.slurm import Slurm
from tests.parts.engines.sshd import Sshd
from tests.parts.server import copy_prepared_home, start
from tests.parts.waiting import becomes

#: Notes each execution. The first word of its arguments says what it does then.
SCRIPT = """
import os, pathlib, signal, sys, time
folder, what = pathlib.Path({folder!r}), sys.argv[1]
with (folder / "executions").open("a") as executions:
    executions.write(os.environ["STUDIO_RUN_ID"] + "\\n")
if what == "deaf": signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("begun", flush=True)
if what == "hungry": blob = [b"x" * 2**20 for _ in range(600)]
while what != "short" and not (folder / "go").exists(): time.sleep(0.05)
print("ended")
"""
TRIALS = 3
#: Of each kind of targets: more would take too long.
MAX_RUNS = 8


@dataclass
class Engine:
    """What a kind of targets needs in a test, and what it can do."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    #: While its jobs run on. Ray's end with it: see `test_ray.py`.
    restart: Callable[[], None] = lambda: None
    #: Whether the target limits the memory of each run.
    limits_memory: bool = False


def agents_engine(_request: pytest.FixtureRequest) -> Engine:
    return Engine()


def slurm_engine(request: pytest.FixtureRequest) -> Engine:
    slurm: Slurm = request.getfixturevalue("slurm")

    def restart() -> None:
        slurm.stop("slurmctld")
        slurm.start_controller()
        assert becomes(slurm.responds)

    settings = {"partition": "main", "memory": "400M"}
    return Engine(settings, slurm.variables, restart, limits_memory=True)


def ray_engine(request: pytest.FixtureRequest) -> Engine:
    ray: Ray = request.getfixturevalue("ray")
    settings = {"address": ray.address, "cpus": "0.1", "memory": "400MB"}
    return Engine(settings, limits_memory=True)


def ssh_engine(request: pytest.FixtureRequest) -> Engine:
    sshd: Sshd = request.getfixturevalue("sshd")
    request.addfinalizer(sshd.end_jobs)

    def restart() -> None:
        sshd.stop()
        sshd.start()

    return Engine(sshd.settings(max_jobs=8), sshd.variables, restart)


ENGINES = {
    "agents": agents_engine,
    "ray": ray_engine,
    "slurm": slurm_engine,
    "ssh": ssh_engine,
}


@dataclass
class Site:
    """A server, a target of one kind, and the agent of a test."""

    cluster: Cluster
    engine: Engine
    agent: subprocess.Popen[str] | None = None

    def command(self, what: str) -> list[str]:
        code = SCRIPT.format(folder=str(self.cluster.folder))
        return [sys.executable, "-c", code, what]

    def queue(self, what: str, **more: Any) -> str:
        return self.cluster.queue(self.command(what), **more)

    def start_agent(self) -> None:
        self.agent = self.cluster.start_agent(
            "--slots=8", variables=self.engine.variables
        )

    def restart_all(self) -> None:
        """The agent is killed, then the server ends; the engine is away, too."""
        assert self.agent is not None
        self.agent.kill()
        self.agent.wait(120)
        old = self.cluster.server
        assert old.stop() == 0
        self.engine.restart()
        port = urlsplit(old.url).port or 0
        self.cluster.server = start(old.home, port=port)
        self.start_agent()

    def ends(self, run: str, status: str) -> bool:
        return self.cluster.becomes(run, status)

    def prints(self, run: str, text: str) -> bool:
        def has_printed() -> bool:
            try:
                return self.cluster.log_of(run) == text
            except NotFound:
                return False

        return becomes(has_printed)

    def executions(self) -> list[str]:
        return (self.cluster.folder / "executions").read_text().split()


@pytest.fixture(params=sorted(COMPUTE_KINDS))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    engine = ENGINES[request.param](request)
    copy_prepared_home(tmp_path / "home")
    (tmp_path / "cluster").mkdir()
    site = Site(
        Cluster.create(
            start(tmp_path / "home"),
            tmp_path / "cluster",
            kind=request.param,
            settings=dict(engine.settings),
        ),
        engine,
    )
    yield site
    (site.cluster.folder / "go").touch()
    site.cluster.end()
    site.cluster.server.stop()


def start_sweep(site: Site) -> None:
    owner, target = site.cluster.owner, site.cluster.target
    definition = {"command": [*site.command("short"), "sweep"], "target": target}
    body = {"experiment": "contract", "id": "base", "definition": definition}
    owner.post("runs", {**body, "status": "NotStarted"})
    space = {"x": {"from": 1, "to": TRIALS}}
    owner.post("sweeps", {"run": "base", "id": "sweep", "space": space})


def test_runs_survive_restarts_and_end_as_their_members_want(site: Site) -> None:
    cluster, owner = site.cluster, site.cluster.owner
    first, canceled, killed = (site.queue(what) for what in ("wait", "wait", "deaf"))
    site.start_agent()
    # Followed while they run, by what they have printed so far.
    for run in (first, canceled, killed):
        assert site.ends(run, "Running"), cluster.log
        assert site.prints(run, "begun\n"), cluster.log
    site.restart_all()
    limited = site.queue("wait", maxRunDurationSeconds=1)
    hungry = site.queue("hungry") if site.engine.limits_memory else ""
    start_sweep(site)
    owner.post(f"runs/{canceled}/cancel", {})
    owner.post(f"runs/{killed}/cancel", {"kill": True})
    for run in (canceled, killed):
        assert site.ends(run, "Canceled"), cluster.log
    assert site.ends(limited, "Failed"), cluster.log
    assert "exceeded its time limit of 1 seconds" in cluster.run(limited)["error"]
    if hungry:
        assert site.ends(hungry, "Failed"), cluster.log
        assert cluster.run(hungry)["error"].startswith("OutOfMemory: ")
    assert site.ends("sweep", "Completed"), cluster.log
    # It was found again, and continued all the time.
    assert cluster.status(first) == "Running"
    (cluster.folder / "go").touch()
    assert site.ends(first, "Completed"), cluster.log
    assert site.prints(first, "begun\nended\n")
    # Each run was executed once, and nothing is left of it.
    children = [one["run"] for one in owner.get("runs/sweep/sweep")["children"]]
    assert len(children) == TRIALS
    runs = [first, canceled, killed, limited, *children, *filter(None, [hungry])]
    assert sorted(site.executions()) == sorted(runs)
    assert len(runs) <= MAX_RUNS
    assert becomes(lambda: not scripts_of(cluster.folder))


def scripts_of(folder: Path) -> list[int]:
    """The processes of the scripts, wherever an engine has them."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(
                f"pathlib.Path({str(folder)!r})" in one for one in process.cmdline()
            ):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
