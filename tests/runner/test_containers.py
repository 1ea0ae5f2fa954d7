"""Runs of images, in real containers: skipped where Podman cannot start one."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.runner.containers.container import VARIABLES_FILE
from tests.parts.engines.podman import USR, PodmanImage, podman_image
from tests.parts.server import Server
from tests.parts.waiting import becomes
from tests.runner.job_folders import JobFolders, JobRunner

BUILD_LOG = "azureml-logs/20_image_build_log.txt"


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodmanImage]:
    with podman_image(tmp_path_factory.mktemp("podman")) as found:
        yield found


@pytest.fixture
def image(podman: PodmanImage) -> str:
    return podman.name


@pytest.fixture
def jobs(server: Server, tmp_path: Path, podman: PodmanImage) -> Iterator[JobFolders]:
    folders = JobFolders(server, tmp_path)
    yield folders
    folders.end()
    assert not podman.containers()


def of_image(image: str, **more: Any) -> dict[str, Any]:
    docker = {"enabled": True, "baseImage": image, "arguments": list(USR), **more}
    return {"environment": {"docker": docker}}


def start(job: JobRunner) -> None:
    # Without this environment's own Python: that of the image is used.
    job.start(PATH="/usr/bin:/bin")


def test_a_script_in_a_container_logs_to_its_run(jobs: JobFolders, image: str) -> None:
    variables = {"LINES": "one\ntwo", "QUOTED": " a 'b' #c $PATH"}
    job = jobs.create(
        {
            **of_image(image),
            "arguments": ["a 'b'\nc"],
            "environmentVariables": variables,
        },
        """
        import os, sys
        from azureml.core import Run
        run = Run.get_context(allow_offline=False)
        run.log("loss", 0.5)
        print(sys.argv[1:], os.environ["LINES"].split(), os.environ["QUOTED"])
        print(sys.executable, os.getpid() < 100, os.environ["KEY"])
        os.makedirs("outputs")
        open("outputs/model.bin", "w").write("weights")
        """,
        secrets={"KEY": "s3cr3t-value"},
    )
    start(job)
    run = job.wait()
    assert run["status"] == "Completed", (
        run["error"],
        job.own_log(),
    )
    log = job.log()
    assert log.startswith("[\"a 'b'\\nc\"] ['one', 'two']  a 'b' #c $PATH\n"), log
    assert "/usr/bin/python3 True ***" in log
    assert job.log("outputs/model.bin") == "weights"
    metrics = job.client.get(f"runs/{job.run_id}/metrics")
    assert "loss" in [one["key"] for one in metrics["metrics"]]
    assert f"{image} " in job.log("system_logs/environment.json")


def test_a_cancel_ends_all_processes_of_the_container(
    jobs: JobFolders, image: str
) -> None:
    script = """
        import os, signal, subprocess, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        open("began.new", "w").write("1")
        os.rename("began.new", "began")
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        time.sleep(600)
        """
    command = "python3 script.py && true"
    job = jobs.create(
        {**of_image(image), "command": command},
        script,
        terminate_after=0.5,
        kill_after=1,
    )
    start(job)
    job.wait_for("began")
    job.client.post(f"runs/{job.run_id}/cancel", {})
    assert job.wait()["status"] == "Canceled"
    assert job.log() == "interrupted\n"


def test_a_killed_runner_takes_its_container_with_it(
    jobs: JobFolders, podman: PodmanImage
) -> None:
    job = jobs.create(
        of_image(podman.name),
        "import time; open('began', 'w').write('1'); time.sleep(600)",
    )
    start(job)
    job.wait_for("began")
    assert podman.containers()
    variables = job.folder / VARIABLES_FILE
    assert variables.exists()
    job.kill()
    assert becomes(lambda: not podman.containers())
    assert becomes(lambda: not variables.exists())


def test_a_dockerfile_is_built_once(jobs: JobFolders, image: str) -> None:
    name = uuid.uuid4().hex
    text = f"FROM {image}\nENV ANSWER=42\nLABEL test={name}\nCOPY weights.txt /\n"
    logs = []
    for _ in range(2):
        job = jobs.create(
            of_image("", baseDockerfile=text),
            """
            import os
            print(os.environ["ANSWER"], open("/weights.txt").read())
            """,
        )
        job.write("weights.txt", "0.5")
        start(job)
        run = job.wait()
        assert run["status"] == "Completed", (run["error"], job.log(BUILD_LOG))
        assert job.log() == "42 0.5\n"
        logs.append(job.log(BUILD_LOG))
    assert ["COPY weights.txt" in log for log in logs] == [True, False]
    words = ["podman", "images", "--quiet", "--filter", f"label=test={name}"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    subprocess.run(["podman", "rmi", *found.split()], capture_output=True, check=True)
