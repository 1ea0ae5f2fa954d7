"""The tools that create environments: conda and its kin, uv, or venv with pip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.runner.environments.requirements import Requirements

CONDA_TOOLS = ("micromamba", "mamba", "conda")
#: Where conda's shell functions name the program.
_CONDA_VARIABLES = ("MAMBA_EXE", "CONDA_EXE")
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class Builder:
    """A tool by its name, and how it makes an environment in a folder.

    `commands(requirements, folder, files)` are to be run one after the other; `files`
    is a folder for what they read.
    """

    name: str
    commands: Callable[[Requirements, Path, Path], list[list[str]]]


def choose_builder(
    requirements: Requirements, interpreter: str, note: Callable[[str], None]
) -> Builder | None:
    """The tool for these requirements; None if there is nothing to install.

    Without conda the packages of pip remain, and a line says so.
    """
    if requirements.conda:
        program = _find_conda()
        if program:
            return _conda_builder(program)
        note(
            f"Left out: {', '.join(requirements.conda)}. Packages of conda need conda, "
            "mamba or micromamba on PATH; name them as packages of pip, or install it."
        )
    if not requirements.pip:
        return None
    uv = shutil.which("uv")
    if uv:
        return Builder("uv", lambda *words: _uv_commands(uv, interpreter, *words))
    python = _python_for(requirements.python, interpreter, note)
    return Builder("venv", lambda *words: _venv_commands(python, *words))


def _find_conda() -> str:
    named = [os.environ.get(name, "") for name in _CONDA_VARIABLES]
    found = [path for path in named if path and os.access(path, os.X_OK)]
    on_path = [path for tool in CONDA_TOOLS if (path := shutil.which(tool))]
    return (on_path or found or [""])[0]


def _conda_builder(program: str) -> Builder:
    def commands(
        requirements: Requirements, folder: Path, files: Path
    ) -> list[list[str]]:
        file = files / "environment.yml"
        file.write_text(_conda_file(requirements), encoding="utf-8")
        is_micromamba = Path(program).name == "micromamba"
        words = ["create", "--yes"] if is_micromamba else ["env", "create", "--yes"]
        return [[program, *words, "--prefix", str(folder), "--file", str(file)]]

    return Builder(Path(program).name, commands)


def _conda_file(requirements: Requirements) -> str:
    version = requirements.python
    packages = [f"python={version}" if version else "python", *requirements.conda]
    lines = [json.dumps(one) for one in packages]
    text = ["channels:", *(f"- {json.dumps(one)}" for one in requirements.channels)]
    text = text if requirements.channels else ["channels: [conda-forge]"]
    text += ["dependencies:", *(f"- {line}" for line in lines)]
    if requirements.pip:
        text += ["- pip", "- pip:"]
        text += [f"  - {json.dumps(line)}" for line in requirements.pip]
    return "\n".join(text) + "\n"


def _uv_commands(
    uv: str, interpreter: str, requirements: Requirements, folder: Path, files: Path
) -> list[list[str]]:
    python = requirements.python or interpreter
    if requirements.python == _version_of(interpreter):
        python = interpreter
    target = ["--python", str(folder / "bin" / "python")]
    return [
        [uv, "venv", "--python", python, str(folder)],
        [uv, "pip", "install", *target, "-r", _write_lines(requirements, files)],
    ]


def _venv_commands(
    python: str, requirements: Requirements, folder: Path, files: Path
) -> list[list[str]]:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install"]
    options = ["--disable-pip-version-check", "--no-input"]
    return [
        [python, "-m", "venv", str(folder)],
        [*pip, *options, "-r", _write_lines(requirements, files)],
    ]


def _write_lines(requirements: Requirements, files: Path) -> str:
    file = files / "requirements.txt"
    file.write_text("".join(f"{line}\n" for line in requirements.pip), encoding="utf-8")
    return str(file)


def _python_for(version: str, interpreter: str, note: Callable[[str], None]) -> str:
    """An interpreter of that version, else the one that there is."""
    if not version or version == (own := _version_of(interpreter)):
        return interpreter
    found = shutil.which(f"python{version}")
    if found is None:
        note(f"There is no python{version} on PATH: Python {own} is used.")
    return found or interpreter


def _version_of(interpreter: str) -> str:
    done = subprocess.run(
        [interpreter, "-c", _VERSION], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
