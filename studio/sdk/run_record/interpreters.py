"""The Python of a run: this process's own, or that of a program that is started."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.sdk.run_record.packages import list_packages

PROBE = "import json, sys; print(json.dumps([sys.version, sys.executable, sys.path]))"
PROBE_SECONDS = 20.0
#: How long the first line of a script can be.
MAX_LINE_BYTES = 512
_PROGRAM = re.compile(r"(python|pypy)[\d.]*(\.exe)?", re.IGNORECASE)


@dataclass(frozen=True)
class PythonFacts:
    version: str
    executable: str
    packages: tuple[str, ...]


def this_python() -> PythonFacts:
    """The Python of this process."""
    return python_facts(sys.version, sys.executable or "", sys.path)


def probe_python(
    program: str, environment: Mapping[str, str], folder: Path
) -> PythonFacts | None:
    """The Python that `program` is, or that runs it, as for `torchrun`.

    None if it is another program, or fails.
    """
    interpreter = _find_interpreter(program, environment)
    if not interpreter:
        return None
    # Imported here, since it would slow down the import of the package.
    import subprocess

    try:
        done = subprocess.run(
            [interpreter, "-c", PROBE],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
        version, executable, folders = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return python_facts(version, executable, folders)


def _find_interpreter(program: str, environment: Mapping[str, str]) -> str:
    """The path of the Python; empty for a program that no Python runs."""
    if _PROGRAM.fullmatch(Path(program).name):
        return program
    try:
        with Path(program).open("rb") as file:
            first = file.readline(MAX_LINE_BYTES)
    except OSError:
        return ""
    # `#!/usr/bin/env python3` names a program that is on the PATH.
    words = [os.fsdecode(word) for word in first[2:].split() if word[:1] != b"-"]
    if first[:2] != b"#!" or not words or not _PROGRAM.fullmatch(Path(words[-1]).name):
        return ""
    return shutil.which(words[-1], path=environment.get("PATH")) or ""


def python_facts(version: str, executable: str, folders: list[str]) -> PythonFacts:
    """The Python whose `sys.version`, `sys.executable` and `sys.path` these are."""
    number = version.split(maxsplit=1)[0]
    return PythonFacts(number, executable, tuple(list_packages(folders)))
