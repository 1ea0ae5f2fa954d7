"""How a runner's process is started, for a job of this machine or of an agent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.core.job_files import LOG_FILE

#: The folder that has the `studio` package.
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
RUNNER = ("-m", "studio.runner.job")


def start_runner_process(
    folder: Path, environment: Mapping[str, str], runner: Sequence[str] = RUNNER
) -> subprocess.Popen[bytes]:
    """Start the runner of a job's folder; it outlives this process. Raises OSError.

    `environment` is all that it gets, with `PACKAGE_ROOT` in its `PYTHONPATH`.
    """
    with (folder / LOG_FILE).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *runner, str(folder)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in a terminal reaches only the process that started it.
            start_new_session=True,
        )
