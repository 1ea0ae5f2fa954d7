"""Runs of scripts, programs and jobs record their machine and sample it."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.sdk.client import Client
from tests.parts.server import Server
from tests.runner.job_folders import JobFolders
from tests.sdk.user import User

ON = {"STUDIO_SYSTEM_METRICS": "on", "OMP_SCHEDULE": "static"}
#: Lasts until the server has the first sample.
WAIT = """
import os, time
from azureml.core import Run
run = Run.get_context(allow_offline=False)
run.log("loss", 0.5)
while not run.get_metrics("system/cpu_utilization_percentage"):
    time.sleep(0.1)
print(run.id, sorted(run.get_metrics()))
"""


@pytest.fixture
def user(server: Server, tmp_path: Path) -> User:
    return User(server, tmp_path)


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.url, server.token, "default")


def read_record(client: Client, run_id: str) -> dict[str, Any]:
    file = io.BytesIO()
    client.download(f"runs/{run_id}/files/system_logs/environment.json", file)
    record: dict[str, Any] = json.loads(file.getvalue())
    return record


def check_run(client: Client, run_id: str) -> dict[str, Any]:
    """What every recorded run has; returns the record."""
    assert client.get(f"runs/{run_id}")["status"] == "Completed"
    properties = client.get(f"runs/{run_id}/properties")["properties"]
    assert properties["studio.host"] == platform.node()
    assert properties["studio.python"] == platform.python_version()
    assert int(properties["studio.cpus"]) > 0
    assert int(properties["studio.memory_bytes"]) > 1_000_000
    metrics = client.get(f"runs/{run_id}/values")["series"]
    samples = [each for each in metrics if each["key"].startswith("system/")]
    assert {f"system/{name}" for name in SAMPLED} <= {each["key"] for each in samples}
    record = read_record(client, run_id)
    assert any(line.startswith("django==") for line in record["packages"])
    assert record["variables"]["OMP_SCHEDULE"] == "static"
    return record


SAMPLED = (
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "disk_usage_percentage",
    "network_receive_megabytes",
)


def test_a_script_that_starts_its_run(user: User, client: Client) -> None:
    run_id, names = user.said(WAIT, env=ON).split(maxsplit=1)
    assert names == "['loss']"
    record = check_run(client, run_id)
    assert record["command"][1] == "-c"
    assert record["python"]["path"] == sys.executable


def test_a_program_and_what_joins_it_is_sampled_once(
    user: User, client: Client
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "studio.cli", "run", sys.executable, "-c", WAIT],
        env=user.environment(**ON),
        cwd=user.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    run_id, names = done.stdout.split(maxsplit=1)
    assert names.strip() == "['loss']"
    record = check_run(client, run_id)
    assert record["command"][:2] == [sys.executable, "-c"]
    series = client.get(f"runs/{run_id}/values", key="system/disk_usage_percentage")
    # A second process would have sampled at the same time.
    assert len(series["series"][0]["values"]) == 1


def test_a_submitted_job(client: Client, server: Server, tmp_path: Path) -> None:
    jobs = JobFolders(server, tmp_path)
    managed = {"environment": {"python": {"userManagedDependencies": True}}}
    job = jobs.create({**managed, "arguments": ["--api-key", "hush"]}, WAIT)
    job.start(**ON)
    assert job.wait()["status"] == "Completed", job.log()
    record = check_run(client, job.run_id)
    assert record["command"][-2:] == ["--api-key", "***"]
    jobs.end()


def test_nothing_is_sampled_when_that_is_switched_off(
    user: User, client: Client
) -> None:
    code = """
    import threading
    from azureml.core import Experiment, Workspace
    run = Experiment(Workspace.from_config(), "off").start_logging(
        snapshot_directory=None, system_metrics=False)
    other = Experiment(Workspace.from_config(), "on").start_logging(
        snapshot_directory=None)
    print([each.name for each in threading.enumerate()].count("studio-system-metrics"))
    """
    assert user.said(code, env={"STUDIO_SYSTEM_METRICS": "on"}) == "1"
    assert user.said(code, env={"STUDIO_SYSTEM_METRICS": "off"}) == "0"
    mlflow = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true"}
    assert user.said(code, env={"STUDIO_SYSTEM_METRICS": "", **mlflow}) == "0"
