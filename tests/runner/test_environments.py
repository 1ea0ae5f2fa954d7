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
    prepare_environment,
)

METADATA = "Metadata-Version: 2.1\nName: tinypkg\nVersion: 1.0\n"
WHEEL = (
    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)


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
    prepared = preparation.prepare(conda=("python=3.11", "scikit-learn"))
    assert prepared.interpreter == sys.executable
    assert preparation.lines[0].startswith("Left out: scikit-learn. Packages of conda")


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


def test_packages_that_do_not_exist_are_an_error(preparation: Preparation) -> None:
    with pytest.raises(EnvironmentFailed, match="ended with exit code"):
        preparation.prepare("--no-index", "no-such-package-anywhere")
    assert not list(preparation.cache.glob("environments/*/ready"))
