"""The Python of a run: this process's own, or that of a program that is started."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.sdk.run_record.packages import list_packages

PROBE = "import json, sys; print(json.dumps([sys.version, sys.executable, sys.path]))"
PROBE_SECONDS = 20.0
_PROGRAM = re.compile(r"(python|pypy)[\d.]*(\.exe)?", re.IGNORECASE)


@dataclass(frozen=True)
class PythonFacts:
    version: str
    executable: str
    packages: tuple[str, ...]


def this_python() -> PythonFacts:
    """The Python of this process."""
    return _facts(sys.version, sys.executable or "", sys.path)


def probe_python(
    program: str, environment: Mapping[str, str], folder: Path
) -> PythonFacts | None:
    """The Python that `program` is; None if it is another program, or fails."""
    if not _PROGRAM.fullmatch(Path(program).name):
        return None
    # Imported here, since it would slow down the import of the package.
    import subprocess

    try:
        done = subprocess.run(
            [program, "-c", PROBE],
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
    return _facts(version, executable, folders)


def _facts(version: str, executable: str, folders: list[str]) -> PythonFacts:
    number = version.split(maxsplit=1)[0]
    return PythonFacts(number, executable, tuple(list_packages(folders)))
