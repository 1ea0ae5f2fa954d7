"""The tools for environments: conda, mamba or micromamba, uv, or venv with pip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.runner.environments.conda_names import name_for_pip
from studio.runner.environments.requirements import Requirements

CONDA_TOOLS = ("micromamba", "mamba", "conda")
#: Where conda's shell functions name the program.
_CONDA_VARIABLES = ("MAMBA_EXE", "CONDA_EXE")
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class NewEnvironment:
    """What an environment is made of, and its folder.

    `code` is the working copy that its lines name files in; `files` is a folder for
    what its tool reads.
    """

    requirements: Requirements
    folder: Path
    code: Path
    files: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def pip_lines(self) -> list[str]:
        return [line.placed_in(self.code) for line in self.requirements.pip]

    def write_lines(self) -> str:
        """Write a requirements file; returns its path."""
        file = self.files / "requirements.txt"
        file.write_text("".join(f"{one}\n" for one in self.pip_lines()), "utf-8")
        return str(file)


@dataclass(frozen=True)
class Builder:
    """A tool by its name, and how it makes an environment of some requirements.

    Its commands are to be run one after the other.
    """

    name: str
    requirements: Requirements
    commands: Callable[[NewEnvironment], list[list[str]]]


class PackagesNotFound(Exception):
    """A sentence that names packages which no tool of this machine installs."""


def choose_builder(
    requirements: Requirements, interpreter: str, note: Callable[[str], None]
) -> Builder | None:
    """The tool for these requirements; None if the interpreter is what they ask for.

    Without conda, pip installs the packages that it has, and a line says so. Raises
    PackagesNotFound for others.
    """
    conda = _find_conda()
    if requirements.conda and conda:
        return _conda_builder(conda, requirements)
    if requirements.conda:
        requirements = _without_conda(requirements, note)
    if not requirements.pip:
        return _choose_for_version(requirements, interpreter, conda, note)
    uv = shutil.which("uv")
    if uv:
        return _uv_builder(uv, _uv_python(requirements, interpreter), requirements)
    python = _find_python(requirements.python, interpreter, "")
    if not python and conda:
        return _conda_builder(conda, requirements)
    if not python:
        _note_other_version(requirements, interpreter, note)
    return _venv_builder(python or interpreter, requirements)


def _choose_for_version(
    requirements: Requirements,
    interpreter: str,
    conda: str,
    note: Callable[[str], None],
) -> Builder | None:
    """An environment without packages, if another version of Python is asked for."""
    version, uv = requirements.python, shutil.which("uv")
    if not version or version == _version_of(interpreter):
        return None
    python = _find_python(version, interpreter, uv or "")
    if python:
        return (
            _uv_builder(uv, python, requirements)
            if uv
            else _venv_builder(python, requirements)
        )
    if conda:
        return _conda_builder(conda, requirements)
    _note_other_version(requirements, interpreter, note)
    return None


def _without_conda(
    requirements: Requirements, note: Callable[[str], None]
) -> Requirements:
    """The requirements with packages of pip instead of those of conda."""
    found, missing = names_for_pip(requirements)
    if missing:
        raise PackagesNotFound(
            f"Packages of conda need conda, mamba or micromamba on PATH: "
            f"{', '.join(missing)}. Install one of them, or name packages of pip."
        )
    note(f"There is no conda on PATH: pip installs {', '.join(found)}.")
    return requirements.with_pip(found)


def names_for_pip(requirements: Requirements) -> tuple[list[str], list[str]]:
    """pip's names of the packages of conda, and the packages that it does not have."""
    names = {one: name_for_pip(one) for one in requirements.conda}
    missing = [one for one, name in names.items() if not name]
    return [name for name in names.values() if name], missing


def _find_conda() -> str:
    named = [os.environ.get(name, "") for name in _CONDA_VARIABLES]
    found = [path for path in named if path and os.access(path, os.X_OK)]
    on_path = [path for tool in CONDA_TOOLS if (path := shutil.which(tool))]
    return (on_path or found or [""])[0]


def _conda_builder(program: str, requirements: Requirements) -> Builder:
    def commands(new: NewEnvironment) -> list[list[str]]:
        file = new.files / "environment.yml"
        file.write_text(_conda_file(requirements, new.pip_lines()), encoding="utf-8")
        is_micromamba = Path(program).name == "micromamba"
        words = ["create", "--yes"] if is_micromamba else ["env", "create", "--yes"]
        return [[program, *words, "--prefix", str(new.folder), "--file", str(file)]]

    return Builder(Path(program).name, requirements, commands)


def _conda_file(requirements: Requirements, pip: list[str]) -> str:
    version = requirements.python
    packages = [f"python={version}" if version else "python", *requirements.conda]
    lines = [json.dumps(one) for one in packages]
    text = ["channels:", *(f"- {json.dumps(one)}" for one in requirements.channels)]
    text = text if requirements.channels else ["channels: [conda-forge]"]
    text += ["dependencies:", *(f"- {line}" for line in lines)]
    if pip:
        text += ["- pip", "- pip:"]
        text += [f"  - {json.dumps(line)}" for line in pip]
    return "\n".join(text) + "\n"


def _uv_builder(uv: str, python: str, requirements: Requirements) -> Builder:
    def commands(new: NewEnvironment) -> list[list[str]]:
        created = [[uv, "venv", "--python", python, str(new.folder)]]
        if requirements.pip:
            install = [uv, "pip", "install", "--python", new.python]
            created.append([*install, "-r", new.write_lines()])
        return created

    return Builder("uv", requirements, commands)


def _uv_python(requirements: Requirements, interpreter: str) -> str:
    """The interpreter, or a version that uv finds or downloads."""
    if requirements.python == _version_of(interpreter):
        return interpreter
    return requirements.python or interpreter


def _venv_builder(python: str, requirements: Requirements) -> Builder:
    def commands(new: NewEnvironment) -> list[list[str]]:
        if not requirements.pip:
            # Not every system's Python can install pip.
            return [[python, "-m", "venv", "--without-pip", str(new.folder)]]
        pip = [new.python, "-m", "pip", "install"]
        options = ["--disable-pip-version-check", "--no-input"]
        return [
            [python, "-m", "venv", str(new.folder)],
            [*pip, *options, "-r", new.write_lines()],
        ]

    return Builder("venv", requirements, commands)


def _find_python(version: str, interpreter: str, uv: str) -> str:
    """An interpreter of that version on this machine; empty if there is none."""
    if not version or version == _version_of(interpreter):
        return interpreter
    found = shutil.which(f"python{version}")
    if found is not None or not uv:
        return found or ""
    command = [uv, "python", "find", "--no-python-downloads", version]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _note_other_version(
    requirements: Requirements, interpreter: str, note: Callable[[str], None]
) -> None:
    note(
        f"There is no python{requirements.python} on PATH: "
        f"Python {_version_of(interpreter)} is used."
    )


def _version_of(interpreter: str) -> str:
    done = subprocess.run(
        [interpreter, "-c", _VERSION], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
