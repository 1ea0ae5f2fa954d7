"""Runs of images on agents' machines, with real containers of Podman."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cluster import Cluster
from tests.parts.engines.podman import USR, PodmanImage, podman_image
from tests.parts.engines.sshd import Sshd
from tests.parts.server import Server
from tests.parts.waiting import becomes

LOG = """
import os
from studio.sdk import Run
Run.get_context().log("loss", 0.5)
print("first process:", os.getppid() == 0 or os.getpid() == 1)
os.makedirs("outputs")
open("outputs/model.txt", "w").write("weights")
"""
WAIT = """
import time
print("ready", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
STUBBORN = """
import signal, time
for name in (signal.SIGINT, signal.SIGTERM):
    signal.signal(name, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
HUNGRY = "x = b'x' * (400 << 20)"


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodmanImage]:
    with podman_image(tmp_path_factory.mktemp("podman")) as found:
        yield found


@pytest.fixture(params=["agents", "ssh"])
def cluster(
    podman: PodmanImage,
    server: Server,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Cluster]:
    variables = podman.variables
    if request.param == "agents":
        cluster = Cluster.create(server, tmp_path)
        cluster.start_agent("--slots", "6", variables=variables)
    else:
        sshd: Sshd = request.getfixturevalue("sshd")
        setup = [f"export {name}={value}" for name, value in variables.items()]
        settings = sshd.settings(setup=setup, max_jobs=6)
        cluster = Cluster.create(server, tmp_path, kind="ssh", settings=settings)
        cluster.start_agent(variables=sshd.variables)
    yield cluster
    cluster.end()
    if request.param == "ssh":
        sshd.end_jobs()
    assert becomes(lambda: not podman.containers())


def queue(cluster: Cluster, image: str, code: str, *options: str, **more: Any) -> str:
    arguments = [*USR, *options]
    docker = {"enabled": True, "baseImage": image, "arguments": arguments}
    environment = {"docker": docker}
    return cluster.queue(["python3", "-c", code], environment=environment, **more)


def has_log(cluster: Cluster, run: str, text: str) -> bool:
    files = cluster.owner.get(f"runs/{run}/files")["files"]
    is_there = any(one["path"] == "user_logs/std_log.txt" for one in files)
    return is_there and text in cluster.log_of(run)


def test_runs_in_containers_end_as_others_do(
    cluster: Cluster, podman: PodmanImage
) -> None:
    good = queue(cluster, podman.name, LOG)
    waiting = queue(cluster, podman.name, WAIT)
    stubborn = queue(cluster, podman.name, STUBBORN)
    long = queue(cluster, podman.name, WAIT, maxRunDurationSeconds=1)
    hungry = queue(cluster, podman.name, HUNGRY, "--memory", "100m")
    absent = queue(cluster, "localhost:1/run-studio/absent", LOG)
    assert cluster.becomes(good, "Completed"), cluster.log
    assert "first process: True" in cluster.log_of(good)
    files = cluster.owner.get(f"runs/{good}/files")["files"]
    assert "outputs/model.txt" in [one["path"] for one in files]
    metrics = cluster.owner.get(f"runs/{good}/metrics")["metrics"]
    assert ("loss", 0.5) in [(one["key"], one["last"]) for one in metrics]
    for run, body in ((waiting, {}), (stubborn, {"kill": True})):
        assert becomes(partial(has_log, cluster, run, "ready")), cluster.log
        cluster.owner.post(f"runs/{run}/cancel", body)
        assert cluster.becomes(run, "Canceled"), cluster.log
    assert cluster.log_of(waiting) == "ready\ninterrupted\n"
    for run, words in (
        (long, "exceeded its time limit of 1 seconds"),
        (hungry, "OutOfMemory: memory ran out in the container or on its machine."),
        (absent, "localhost:1/run-studio/absent"),
    ):
        assert cluster.becomes(run, "Failed"), cluster.log
        assert words in cluster.run(run)["error"]
