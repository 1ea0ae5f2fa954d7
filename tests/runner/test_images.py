"""Finding, pulling and building the image of a run, with a stand-in for Docker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import InvalidValue
from studio.core.run_definition import check_definition
from studio.runner.containers import prepare_image, read_image_request
from studio.runner.environments import EnvironmentFailed
from tests.runner.job_folders import JobFolders

BUILD_LOG = "azureml-logs/20_image_build_log.txt"


class Programs:
    """The folder of a PATH on which `docker` is the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        text = Path(__file__).with_name("stand_in_docker.py").read_text()
        self.write("docker", f"#!{sys.executable}\n{text}")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def calls(self, *commands: str) -> list[list[str]]:
        lines = (self.folder / "calls").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call[0] in commands]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    programs = Programs(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(programs.folder))
    return programs


def of_image(image: str = "", **more: Any) -> dict[str, Any]:
    docker = {"enabled": True, "baseImage": image, **more}
    return {"script": "script.py", "environment": {"docker": docker}}


class Preparation:
    """Prepares the image of a definition, and keeps the lines of its log."""

    def __init__(self, folder: Path) -> None:
        self.code, self.cache = folder / "code", folder / "cache"
        self.code.mkdir()
        self.lines: list[str] = []
        #: The result of the next commands, which then do not run.
        self.exit_code: int | None = None
        #: Runs once, after the next command.
        self.after_command: Callable[[], None] | None = None

    def prepare(self, definition: dict[str, Any]) -> str:
        request = read_image_request(definition)
        assert request is not None
        return prepare_image(
            request,
            definition,
            self.code,
            self.cache,
            run=self._run,
            note=self.lines.append,
        ).name

    def _run(self, command: list[str], env: dict[str, str], folder: Path) -> int:
        if self.exit_code is not None:
            return self.exit_code
        done = subprocess.run(command, env=env, cwd=folder, check=False)
        after, self.after_command = self.after_command, None
        if after is not None:
            after()
        return done.returncode


@pytest.fixture
def preparation(tmp_path: Path) -> Preparation:
    return Preparation(tmp_path)


def test_a_run_of_docker_shows_no_variable_of_the_script(
    jobs: JobFolders, programs: Programs
) -> None:
    job = jobs.create(
        {**of_image("python:3"), "docker": {"arguments": ["--cpus", "2"]}},
        """
        import os
        print(os.environ["KEY"])
        os.symlink("../../outside", "outputs")
        os.mkdir("logs")
        os.symlink("../../../outside", "logs/more")
        """,
        secrets={"KEY": "s3cr3t-value"},
    )
    outside = job.folder.parent / "outside"
    outside.mkdir()
    (outside / "key.txt").write_text("of the machine")
    job.start(PATH=str(programs.folder))
    run = job.wait()
    assert run["status"] == "Completed", (run["error"], job.own_log())
    assert job.log() == "***\n"
    assert "working on docker.io/library/python:3\n" in job.log(BUILD_LOG)
    words = programs.calls("run")[-1]
    assert "s3cr3t-value" not in str(words)
    # Its links lead nowhere: the container has not what they name.
    files = job.client.get(f"runs/{job.run_id}/files")["files"]
    assert "key.txt" not in str(files)
    assert job.server.token not in str(words)
    assert words[words.index("--shm-size") + 1] == "2g"
    assert words[words.index("--cpus") + 1] == "2"
    assert words[-3] == "docker.io/library/python:3"
    assert programs.calls("rm")


def test_an_image_of_this_machine_is_not_pulled(
    preparation: Preparation, programs: Programs
) -> None:
    (programs.folder / "images").write_text("mine:1")
    assert preparation.prepare(of_image("mine:1")) == "mine:1"
    assert not programs.calls("pull")


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("python", "docker.io/library/python"),
        ("team/python:3", "docker.io/team/python:3"),
        ("mcr.microsoft.com/azureml/base", "mcr.microsoft.com/azureml/base"),
        ("localhost:5000/base", "localhost:5000/base"),
    ],
)
def test_a_short_name_means_the_registry_of_docker(
    preparation: Preparation, programs: Programs, name: str, full: str
) -> None:
    assert preparation.prepare(of_image(name)) == full


def test_packages_are_added_to_the_image_once(
    preparation: Preparation, programs: Programs
) -> None:
    definition = of_image("python:3")
    packages = ["python=3.9", "pytorch", {"pip": ["azureml-core", "it's==1"]}]
    definition["environment"]["python"] = {
        "condaDependencies": {"dependencies": packages}
    }
    name = preparation.prepare(definition)
    assert preparation.prepare(definition) == name
    assert len(programs.calls("build")) == 1
    text = "\n".join(preparation.lines)
    assert "| FROM docker.io/library/python:3" in text
    assert """printf '%s\\n' 'it'"'"'s==1' torch >""" in text
    assert "azureml-core is left out" in text


def test_a_dockerfile_is_built_again_for_other_files(
    preparation: Preparation, programs: Programs
) -> None:
    definition = of_image(baseDockerfile="FROM mine:1\nCOPY weights /\n")
    (preparation.code / "weights").write_text("1")
    first = preparation.prepare(definition)
    (preparation.code / "weights").write_text("2")
    assert preparation.prepare(definition) != first


def test_an_image_that_no_run_used_for_a_month_is_deleted(
    preparation: Preparation, programs: Programs
) -> None:
    unused = preparation.prepare(of_image(baseDockerfile="FROM mine:1\n"))
    for ready in preparation.cache.glob("environments/*/ready"):
        os.utime(ready, (0, 0))
    preparation.prepare(of_image(baseDockerfile="FROM mine:2\n"))
    assert len(list(preparation.cache.glob("environments/*/ready"))) == 1
    assert programs.calls("rmi") == [["rmi", unused]]


def test_an_old_image_that_a_run_uses_is_kept(
    preparation: Preparation, programs: Programs
) -> None:
    used = of_image(baseDockerfile="FROM mine:1\n")
    preparation.prepare(used)
    for ready in preparation.cache.glob("environments/*/ready"):
        os.utime(ready, (0, 0))
    preparation.prepare(used)
    preparation.prepare(of_image(baseDockerfile="FROM mine:2\n"))
    assert not programs.calls("rmi")


def test_a_new_image_is_not_deleted_by_another_run(
    preparation: Preparation, programs: Programs
) -> None:
    def build_another() -> None:
        preparation.prepare(of_image(baseDockerfile="FROM mine:2\n"))

    preparation.after_command = build_another
    preparation.prepare(of_image(baseDockerfile="FROM mine:1\n"))
    assert len(programs.calls("build")) == 2
    assert not programs.calls("rmi")


def test_an_image_is_built_after_a_failure(
    preparation: Preparation, programs: Programs
) -> None:
    definition = of_image(baseDockerfile="FROM mine:1\n")
    preparation.exit_code = 1
    with pytest.raises(EnvironmentFailed, match="could not be built"):
        preparation.prepare(definition)
    preparation.exit_code = None
    preparation.prepare(definition)
    assert len(programs.calls("build")) == 1


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (
            of_image("missing"),
            "The image missing could not be pulled: docker ended with exit code 1. See",
        ),
        (
            of_image("python:3", arguments=["--no-such-option"]),
            "docker cannot start a container of the image python:3: unknown flag:",
        ),
        (
            of_image("python:3", arguments="--label 'one"),
            "The arguments of docker have a quotation mark that is not closed. Close",
        ),
        (
            of_image(buildContext={"location": "https://host/a.git"}),
            "environment.docker.build_context is not supported. Give base_dockerfile",
        ),
        (
            {
                **of_image("python:3"),
                "environment": {
                    "docker": {"enabled": True, "baseImage": "python:3"},
                    "python": {"condaDependencies": {"dependencies": ["cudatoolkit"]}},
                },
            },
            "Packages of conda cannot be added to an image: cudatoolkit. Install them",
        ),
    ],
)
def test_what_cannot_be_prepared_is_explained(
    preparation: Preparation,
    programs: Programs,
    definition: dict[str, Any],
    sentence: str,
) -> None:
    with pytest.raises(EnvironmentFailed, match=re.escape(sentence)):
        preparation.prepare(definition)


def test_without_an_engine_the_run_fails_while_it_is_preparing(
    jobs: JobFolders, programs: Programs
) -> None:
    (programs.folder / "docker").unlink()
    job = jobs.create(of_image("python:3"), "")
    job.start(PATH=str(programs.folder))
    run = job.wait()
    assert job.statuses() == ["Starting", "Preparing", "Failed"]
    assert run["error"].startswith(
        "The run needs the image python:3, and neither podman nor docker is installed "
    )
    assert run["error"].endswith(
        "Install podman there, or submit the run without an image."
    )


def test_an_engine_that_does_not_work_is_named(
    preparation: Preparation, programs: Programs
) -> None:
    shell = shutil.which("sh", path="/usr/bin:/bin")
    programs.write("docker", f"#!{shell}\necho 'no daemon' >&2; exit 1")
    with pytest.raises(EnvironmentFailed, match=r"docker does not .*: no daemon\."):
        preparation.prepare(of_image("python:3"))


@pytest.mark.parametrize(
    ("docker", "field"),
    [
        ({"baseImage": "--privileged"}, "baseImage"),
        ({"baseImage": "two words"}, "baseImage"),
        ({"arguments": [{}]}, "arguments[0]"),
        ({"arguments": 2}, "arguments"),
        ({"baseImageRegistry": "registry.host"}, "baseImageRegistry"),
        ({"baseImageRegistry": {"address": []}}, "baseImageRegistry.address"),
        ({"shmSize": []}, "shmSize"),
        ([], "docker"),
    ],
)
def test_settings_that_no_engine_takes_are_refused(docker: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_definition({"script": "a.py", "environment": {"docker": docker}})
    assert field in caught.value.message
