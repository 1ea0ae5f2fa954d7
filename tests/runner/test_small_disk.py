"""Submitted runs on a disk that becomes full: a small file system of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.job_files import ARCHIVE_FILE
from tests.parts.server import Server
from tests.runner.job_folders import JobFolders

FULL = "No space left on device"
METADATA = "Metadata-Version: 2.1\nName: tinypkg\nVersion: 1.0\n"
WHEEL = (
    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)
USER_MANAGED = {"environment": {"python": {"userManagedDependencies": True}}}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    try:
        subprocess.run(words, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("Only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def jobs(server: Server, disk: Path) -> Iterator[JobFolders]:
    folders = JobFolders(server, disk)
    yield folders
    folders.end()


def test_outputs_are_kept_of_a_script_that_fills_the_disk(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os
        from azureml.core import Run
        os.makedirs("outputs")
        open("outputs/model.bin", "w").write("weights")
        try:
            with open("big", "wb") as file:
                while True:
                    file.write(bytes(1 << 16))
        except OSError as error:
            print(error)
        Run.get_context().log("loss", 0.5)
        print("went on")
        """,
    )
    job.start(TMPDIR=str(jobs.root))
    run = job.wait()
    assert run["status"] == "Completed", run["error"]
    assert job.log("outputs/model.bin") == "weights"
    # The SDK can say in between that it uses another disk.
    assert FULL in job.log()
    assert "went on\n" in job.log()
    metrics = job.client.get(f"runs/{job.run_id}/metrics")["metrics"]
    assert "loss" in [one["key"] for one in metrics]
    assert not job.folder.exists()


def test_a_script_that_the_full_disk_ends_says_so(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        file = open("big", "wb", buffering=0)
        while True:
            file.write(bytes(1 << 16))
        """,
    )
    job.start()
    run = job.wait()
    assert run["status"] == "Failed"
    assert run["error"].endswith(f"OSError: [Errno 28] {FULL}")
    assert not job.folder.exists()


def test_sources_that_need_more_space_fail_the_run(jobs: JobFolders) -> None:
    job = jobs.create(USER_MANAGED)
    with zipfile.ZipFile(job.folder / ARCHIVE_FILE, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("script.py", "")
        file.writestr("zeros", bytes(8 << 20))
    job.start()
    run = job.wait()
    assert job.statuses() == ["Starting", "Preparing", "Failed"]
    assert run["error"].startswith(f"The working copy {job.code} on ")
    advice = "Free some space there, and submit the run again."
    assert run["error"].endswith(f" cannot be written: {FULL}. {advice}")
    assert not job.folder.exists()


def test_no_half_of_an_environment_is_left(jobs: JobFolders, tmp_path: Path) -> None:
    wheel = tmp_path / "wheels" / "tinypkg-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    info = "tinypkg-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("tinypkg/zeros", bytes(8 << 20))
        file.writestr(f"{info}/METADATA", METADATA)
        file.writestr(f"{info}/WHEEL", WHEEL)
        file.writestr(f"{info}/RECORD", "")
    packages = [{"pip": ["--no-index", f"--find-links {wheel.parent}", "tinypkg"]}]
    python = {"condaDependencies": {"dependencies": packages}}
    job = jobs.create({"environment": {"python": python}}, "")
    folder = os.path.dirname(sys.executable)  # noqa: PTH120 (a link stays one)
    job.start(PATH=f"{folder}:/usr/bin:/bin", UV_CACHE_DIR=str(tmp_path / "uv"))
    run = job.wait()
    assert job.statuses() == ["Starting", "Preparing", "Failed"]
    assert "The environment could not be created: a disk of " in run["error"]
    assert FULL in job.log("azureml-logs/20_image_build_log.txt")
    assert [one.name for one in jobs.root.glob("cache/environments/*")] != []
    assert not [one for one in jobs.root.glob("cache/environments/*") if one.is_dir()]
