"""Environments of conda that are on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from studio.sdk.errors import UserErrorException

_TOOLS = ("conda", "mamba", "micromamba")
#: Where conda's shell functions name the program.
_VARIABLES = ("CONDA_EXE", "MAMBA_EXE")
#: The name of the environment that conda itself is in.
_BASE = "base"


def find_interpreter(name: str) -> str:
    """The Python of the environment with that name or path.

    Raises UserErrorException if there is no conda, or no such environment.
    """
    prefixes = _list_prefixes(name)
    # The first one of the list is that of conda itself.
    names = {Path(one).name: one for one in reversed(prefixes)}
    names |= {one: one for one in prefixes} | {_BASE: prefixes[0] if prefixes else ""}
    interpreter = Path(names.get(name, ""), "bin", "python")
    if not names.get(name) or not interpreter.exists():
        known = ", ".join(Path(one).name for one in prefixes) or "none"
        raise UserErrorException(
            f"There is no conda environment {name!r} with Python on this machine. "
            f"There are: {known}. Create it, or set interpreter_path."
        )
    return str(interpreter)


def _list_prefixes(name: str) -> list[str]:
    on_path = [shutil.which(one) for one in _TOOLS]
    program = next(filter(None, (*map(os.environ.get, _VARIABLES), *on_path)), None)
    if program is None:
        raise UserErrorException(
            f"The conda environment {name!r} needs conda, mamba or micromamba on PATH. "
            "Install one of them, or set interpreter_path."
        )
    try:
        done = subprocess.run(
            [program, "env", "list", "--json"],
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return [str(one) for one in json.loads(done.stdout)["envs"]]
    except (OSError, subprocess.CalledProcessError, ValueError, KeyError) as error:
        raise UserErrorException(
            f"{program} env list --json gave no environments: {error}"
        ) from error
