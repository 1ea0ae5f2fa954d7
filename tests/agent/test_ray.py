"""Runs on a real Ray cluster, from the queue of a target to their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.agent.environment_rules import clean_environment
from studio.agent.executors import JobState, RayExecutor
from studio.agent.executors.ray import RayJob, describe_job, describe_pending
from studio.core.compute_kinds import EngineState, ray_script
from studio.core.job_files import read_end
from tests.agent.cluster import Cluster
from tests.agent.conftest import RUNNER
from tests.agent.test_executors import ends, pids, prepare, start
from tests.parts.engines.ray import Ray
from tests.parts.server import Server
from tests.parts.waiting import becomes, is_gone

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]

TUNE = """
from ray import tune
from studio.sdk.ray import TuneCallback

def train(config):
    for step in range(1, 4):
        tune.report({"loss": config["x"] / step, "more": {"step": step}})
    if config["x"] == 2:
        raise ValueError("2 is too large")

tune.Tuner(
    tune.with_resources(train, {"CPU": 0.1}),
    param_space={"x": tune.grid_search([1, 2])},
    run_config=tune.RunConfig(callbacks=[TuneCallback()], verbose=0),
).fit()
"""


@pytest.fixture
def cluster(ray: Ray, server: Server, tmp_path: Path) -> Iterator[Cluster]:
    settings = {
        "address": ray.address,
        "cpus": "1",
        "env_vars": ["FROM_TARGET=a b"],
        "setup": ["export FROM_SETUP=yes"],
    }
    cluster = Cluster.create(server, tmp_path, kind="ray", settings=settings)
    yield cluster
    cluster.end()


def engine_message(cluster: Cluster, run: str) -> str:
    return str(cluster.owner.get(f"runs/{run}/job")["engine_message"])


def test_a_run_goes_through_ray_and_another_waits_until_it_is_canceled(
    cluster: Cluster, ray: Ray
) -> None:
    names = ("FROM_SETUP", "FROM_TARGET", "RAY_ADDRESS")
    code = f"import os; print(*(os.environ[one] for one in {names}))"
    first = cluster.queue([sys.executable, "-c", code])
    cluster.start_agent()
    assert cluster.becomes(first, "Completed"), cluster.log
    assert cluster.log_of(first).startswith("yes a b 127.0.0.1:")
    second = cluster.queue(SLEEP)
    assert cluster.becomes(second, "Running"), cluster.log
    third = cluster.queue([sys.executable, "-c", "print(1)"])
    words = "waiting for resources (1 CPU needed, 1 of 1 in use)"
    assert becomes(lambda: words in engine_message(cluster, third)), cluster.log
    assert cluster.status(third) == "Queued"
    cluster.owner.post(f"runs/{third}/cancel", {})
    assert cluster.becomes(third, "Canceled"), cluster.log
    # A person ends the other one with Ray's own commands.
    job = cluster.owner.get(f"runs/{second}/job")["engine_job"]
    ray.post(f"jobs/{job}/stop")
    assert cluster.becomes(second, "Canceled"), cluster.log
    reason = cluster.owner.get(f"runs/{second}/job")["attempts"][0]["message"]
    assert reason == "The job was stopped in Ray."
    assert becomes(lambda: not cluster.processes())


def test_a_target_limits_the_time(ray: Ray, server: Server, tmp_path: Path) -> None:
    settings = {"address": ray.address, "time_limit": "0:00:02"}
    cluster = Cluster.create(server, tmp_path, kind="ray", settings=settings)
    try:
        run = cluster.queue(SLEEP)
        cluster.start_agent()
        assert cluster.becomes(run, "Failed"), cluster.log
        assert "TimeLimit: the run exceeded" in cluster.run(run)["error"]
    finally:
        cluster.end()


def test_trials_of_ray_tune_become_child_runs(
    ray: Ray, server: Server, tmp_path: Path
) -> None:
    settings = {"address": ray.address}
    cluster = Cluster.create(server, tmp_path, kind="ray", settings=settings)
    try:
        run = cluster.queue([str(ray.python), "-c", TUNE])
        cluster.start_agent()
        assert cluster.becomes(run, "Completed", 240), cluster.log_of(run)
        query = f"parent={run}&children=1&columns=params.x,status,error"
        rows = cluster.owner.get(f"runs?{query}")["runs"]
        children = {one["values"]["params.x"]: one for one in rows}
        assert {x: one["run"]["status"] for x, one in children.items()} == {
            "1": "Completed",
            "2": "Failed",
        }
        assert "2 is too large" in children["2"]["run"]["error"]
        first = children["1"]["run"]["id"]
        history = cluster.owner.get(f"runs/{first}/metrics/loss")
        assert history["steps"] == [1, 2, 3]
        assert history["values"] == [1.0, 0.5, 1 / 3]
    finally:
        cluster.end()


def words(executor: RayExecutor, handle: str) -> str:
    executor.poll(handle)
    report = executor.describe(handle)
    return report.message if report else ""


def create_executor(ray: Ray, cpus: str) -> RayExecutor:
    environment = clean_environment(os.environ)
    settings = {"address": ray.address, "cpus": cpus}
    return RayExecutor(environment, settings, RUNNER, 0.2, unknown_seconds=1)


def test_after_a_restart_of_the_head_no_job_is_lost_or_runs_unseen(
    ray: Ray, tmp_path: Path
) -> None:
    running, waiting = tmp_path / "running", tmp_path / "waiting"
    for folder in (running, waiting):
        (folder / "code").mkdir(parents=True)
    executor = create_executor(ray, "1")
    lost = start(executor, running, "script")
    prepare(waiting, "quick")
    kept = executor.start(waiting, 0)
    ray.stop(signal.SIGTERM)
    assert becomes(lambda: all(map(is_gone, pids(running))))
    assert becomes(lambda: "Ray: 127.0.0.1" in words(executor, lost))
    assert executor.poll(kept) is JobState.RUNNING
    ray.start()
    # The waiting job is submitted again, and the other one is given up in time.
    assert ends(executor, kept)
    assert read_end(waiting) is not None
    assert ends(executor, lost)
    report = executor.describe(lost)
    assert report is not None
    assert (report.state, report.code) == (EngineState.UNKNOWN, "UnknownJob")


def test_a_job_whose_head_was_killed_can_be_stopped_without_it(
    ray: Ray, tmp_path: Path
) -> None:
    """It runs on for a while, or Ray's processes end it as they notice."""
    (tmp_path / "code").mkdir()
    handle = start(create_executor(ray, "0.1"), tmp_path, "script")
    ray.stop(signal.SIGKILL)
    later = create_executor(ray, "0.1")
    assert later.find(tmp_path) == handle
    assert "Ray: 127.0.0.1" in words(later, handle)
    later.stop(handle, force=True)
    assert becomes(lambda: all(map(is_gone, pids(tmp_path))))
    ray.start()
    assert ends(later, handle)


@pytest.mark.parametrize(
    ("status", "error", "begun", "wanted"),
    [
        ("RUNNING", "", True, (EngineState.RUNNING, "", False)),
        ("A_LATER_STATE", "", True, (EngineState.RUNNING, "", False)),
        ("SUCCEEDED", "", True, (None, "", False)),
        ("STOPPED", "", True, (None, "Canceled", False)),
        ("FAILED", "JOB_ENTRYPOINT_COMMAND_ERROR", True, (None, "", False)),
        (
            "FAILED",
            "JOB_ENTRYPOINT_COMMAND_ERROR",
            False,
            (None, "LaunchFailed", False),
        ),
        ("FAILED", "RUNTIME_ENV_SETUP_FAILURE", False, (None, "LaunchFailed", False)),
        ("FAILED", "JOB_SUPERVISOR_ACTOR_DIED", True, (None, "NodeLost", True)),
    ],
)
def test_each_state_of_ray_has_a_meaning(
    status: str, error: str, begun: bool, wanted: tuple[EngineState | None, str, bool]
) -> None:
    job = RayJob("j", status, "its own words", error, None)
    found = describe_job(job, has_begun=begun, can_requeue=True)
    assert (found.state, found.code, found.can_repeat) == wanted
    assert "its own words" in found.message


def test_what_the_memory_monitor_of_ray_ends_is_out_of_memory() -> None:
    words = "Job supervisor actor died: killed due to the node running low on memory."
    job = RayJob("j", "FAILED", words, "JOB_SUPERVISOR_ACTOR_DIED", None)
    found = describe_job(job, has_begun=True, can_requeue=True)
    assert (found.code, found.can_repeat) == ("OutOfMemory", False)


def test_a_pending_job_is_queued_or_gets_its_packages() -> None:
    job = RayJob("j", "PENDING", "Job has not started yet.", "", None)
    lacks = describe_pending(job, ["2 CPU needed"], has_packages=True)
    assert (lacks.state, "2 CPU needed" in lacks.message) == (EngineState.QUEUED, True)
    packages = describe_pending(job, [], has_packages=True)
    assert packages.state is EngineState.PREPARING


def test_variables_of_the_script_stay_what_they_are(tmp_path: Path) -> None:
    text = 'it\'s "$HOME" `x` } \\'
    script = ray_script(
        {},
        variables={"GIVEN": text},
        defaults={"DEFAULT": text, "KEPT": "no"},
        command=["/usr/bin/env"],
    )
    found = subprocess.check_output(
        ["/bin/bash", "-c", script], env={"KEPT": "yes"}, text=True
    )
    lines = found.splitlines()
    assert f"GIVEN={text}" in lines
    assert f"DEFAULT={text}" in lines
    assert "KEPT=yes" in lines
