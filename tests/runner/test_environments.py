"""The environment of a submitted run: as it is, or created once and shared."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from studio.runner.environments import (
    EnvironmentFailed,
    PreparedEnvironment,
    WaitingNote,
    prepare_environment,
)
from studio.runner.environments.conda_names import name_for_pip

METADATA = "Metadata-Version: 2.1\nName: tinypkg\nVersion: 1.0\n"
WHEEL = (
    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
#: Builds the wheel of `tinypkg` without setuptools, which would need the network.
BACKEND = """
import zipfile
def build_wheel(folder, *more):
    name = "tinypkg-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        info = "tinypkg-1.0.dist-info"
        wheel.writestr("tinypkg.py", "ANSWER = {answer}")
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: tinypkg\\n"
            "Version: 1.0\\n")
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\n"
            "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return name
"""


class Preparation:
    """Prepares environments below a folder, and notes what it did."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.code = folder / "cache", folder / "code"
        self.code.mkdir()
        self.lines: list[str] = []
        self.commands: list[list[str]] = []

    def run(self, command: list[str], env: dict[str, str], folder: Path) -> int:
        self.commands.append(command)
        return subprocess.run(
            command, env=env, cwd=folder, capture_output=True, check=False
        ).returncode

    def write_package(self, name: str, answer: int) -> Path:
        """A package in the working copy, which needs nothing to be built."""
        folder = self.code / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "backend.py").write_text(BACKEND.format(answer=answer))
        return folder

    def prepare(self, *pip: str, conda: tuple[str, ...] = ()) -> PreparedEnvironment:
        packages: list[Any] = [*conda, {"pip": list(pip)}]
        python = {"condaDependencies": {"dependencies": packages}}
        return prepare_environment(
            {"environment": {"python": python}},
            self.code,
            self.cache,
            run=self.run,
            note=self.lines.append,
        )


@pytest.fixture
def preparation(tmp_path: Path) -> Preparation:
    return Preparation(tmp_path)


@pytest.fixture
def wheels(tmp_path: Path) -> tuple[str, ...]:
    """The lines of a requirements file for a package that needs no network."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "tinypkg-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinypkg-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinypkg.py", "ANSWER = 42\n")
        wheel.writestr(f"{info}/METADATA", METADATA)
        wheel.writestr(f"{info}/WHEEL", WHEEL)
        wheel.writestr(f"{info}/RECORD", "")
    return ("--no-index", f"--find-links {folder}", "tinypkg")


def answer_of(prepared: PreparedEnvironment) -> str:
    code = "import tinypkg, sys; print(tinypkg.ANSWER, sys.prefix)"
    command = [prepared.interpreter, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("tool", ["uv", "venv"])
def test_packages_of_pip_are_installed_once(
    preparation: Preparation,
    wheels: tuple[str, ...],
    tool: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if tool == "venv":
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
    elif shutil.which("uv") is None:
        uv = Path(sys.executable).with_name("uv")
        monkeypatch.setenv("PATH", f"{uv.parent}:{os.environ['PATH']}")
    prepared = preparation.prepare(*wheels)
    assert answer_of(prepared).startswith(f"42 {preparation.cache}")
    created = len(preparation.commands)
    assert preparation.prepare(*wheels) == prepared
    assert (created, len(preparation.commands)) == (2, 2)
    assert f" with {tool}." in preparation.lines[0]


def test_azureml_packages_are_left_out(preparation: Preparation) -> None:
    prepared = preparation.prepare("azureml-defaults==1.61", "azureml_core[x]")
    assert prepared.interpreter == sys.executable
    assert preparation.commands == []
    assert preparation.lines[0] == (
        "azureml-defaults==1.61 is left out: Run Studio's own azureml takes its place."
    )


def test_packages_of_conda_need_conda(
    preparation: Preparation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EnvironmentFailed, match="on PATH: cudatoolkit=11"):
        preparation.prepare(conda=("scikit-learn", "cudatoolkit=11"))


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("scikit-learn", "scikit-learn"),
        ("conda-forge::numpy=1.21", "numpy==1.21.*"),
        ("numpy==1.21.2", "numpy==1.21.2"),
        ("scipy=1.7.1=py39_0", "scipy==1.7.1.*"),
        ("pandas>=1.2,<2", "pandas>=1.2,<2"),
        ("pytorch=2.1.*", "torch==2.1.*"),
        ("cudatoolkit", ""),
        ("numpy 1.21", ""),
    ],
)
def test_packages_of_conda_that_pip_has(package: str, name: str) -> None:
    assert name_for_pip(package) == name


def test_files_of_the_working_copy_are_found(
    preparation: Preparation, wheels: tuple[str, ...]
) -> None:
    (preparation.code / "needs").mkdir()
    needs = preparation.code / "needs" / "dev.txt"
    needs.write_text("-r base.txt\n-c limits.txt # for all\n")
    lines = "".join(f"{line}\n" for line in wheels)
    (needs.parent / "base.txt").write_text(f"azureml-core\n{lines}")
    (needs.parent / "limits.txt").write_text("tinypkg<2\n")
    prepared = preparation.prepare("-r needs/dev.txt")
    assert answer_of(prepared).startswith("42 ")
    assert preparation.lines[0].startswith("azureml-core is left out")
    (needs.parent / "limits.txt").write_text("tinypkg<1\n")
    with pytest.raises(EnvironmentFailed, match="ended with exit code"):
        preparation.prepare("-r needs/dev.txt")


def test_a_file_that_is_not_in_the_working_copy_is_named(
    preparation: Preparation,
) -> None:
    with pytest.raises(EnvironmentFailed, match=r"other\.txt"):
        preparation.prepare("-r other.txt")


@pytest.mark.parametrize("line", ["-e ./own", "--editable=own", "./own"])
def test_a_package_of_the_working_copy_outlives_it(
    preparation: Preparation, line: str
) -> None:
    preparation.write_package("own", 7)
    prepared = preparation.prepare("--no-index", line)
    shutil.rmtree(preparation.code)
    assert answer_of(prepared).startswith("7 ")
    is_noted = any("is installed as a copy" in one for one in preparation.lines)
    assert is_noted == (line != "./own")
    preparation.write_package("own", 8)
    assert answer_of(preparation.prepare("--no-index", line)).startswith("8 ")


def test_the_requested_python_is_used_where_it_is_installed(
    preparation: Preparation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    # A stand-in for another version: it creates an environment like its own.
    program = programs / "python3.4"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    prepared = preparation.prepare(conda=("python=3.4",))
    assert preparation.commands[0][0] == str(program)
    assert prepared.interpreter.startswith(str(preparation.cache))
    assert subprocess.run([prepared.interpreter, "-c", ""], check=True).returncode == 0


def test_a_python_that_is_not_there_is_mentioned(
    preparation: Preparation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    assert preparation.prepare(conda=("python=3.4",)).interpreter == sys.executable
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert preparation.lines[0] == (
        f"There is no python3.4 on PATH: Python {own} is used."
    )


def test_conda_creates_the_environment_where_it_is_installed(
    preparation: Preparation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/micromamba"
    program.parent.mkdir()
    # A stand-in for micromamba: it keeps the file and creates a folder with a link.
    program.write_text(
        '#!/bin/sh\nmkdir -p "$4/bin" "$4/conda-meta" && cp "$6" "$4/file.yml" && '
        f'ln -s {sys.executable} "$4/bin/python"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    prepared = preparation.prepare("tinypkg", conda=("python=3.11", "scikit-learn"))
    folder = Path(prepared.variables["CONDA_PREFIX"])
    assert folder.parent == preparation.cache / "environments"
    assert (
        '- "python=3.11"\n- "scikit-learn"\n- pip\n- pip:\n  - "tinypkg"'
        in (folder / "file.yml").read_text()
    )
    # Also where only the version of Python is of conda, if nothing else has it.
    prepared = preparation.prepare("tinypkg", conda=("python=3.4",))
    folder = Path(prepared.variables["CONDA_PREFIX"])
    assert '- "python=3.4"\n- pip' in (folder / "file.yml").read_text()


def test_half_an_environment_is_created_again(
    preparation: Preparation, wheels: tuple[str, ...]
) -> None:
    folder = Path(preparation.prepare(*wheels).variables["VIRTUAL_ENV"])
    (folder / "ready").unlink()
    next(folder.rglob("tinypkg.py")).unlink()
    assert answer_of(preparation.prepare(*wheels)).startswith("42 ")


def test_two_runs_prepare_the_same_environment_once(
    preparation: Preparation, wheels: tuple[str, ...]
) -> None:
    threads = [
        threading.Thread(target=preparation.prepare, args=wheels) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in preparation.commands if "install" in one]) == 1


def test_a_short_wait_for_another_run_starts_no_process(
    preparation: Preparation, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = WaitingNote(preparation.lines.append, preparation.run, preparation.code)
    wait()
    wait()
    assert len(preparation.lines) == 1
    assert not preparation.commands
    monkeypatch.setattr("studio.runner.environments.prepare.LOOK_SECONDS", 0.0)
    wait()
    assert len(preparation.commands) == 1


def test_packages_that_do_not_exist_are_an_error(preparation: Preparation) -> None:
    with pytest.raises(EnvironmentFailed, match="ended with exit code"):
        preparation.prepare("--no-index", "no-such-package-anywhere")
    assert not list(preparation.cache.glob("environments/*/ready"))
