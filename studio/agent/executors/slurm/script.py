"""The batch script of a job: its `#SBATCH` lines, the target's setup, the runner."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOG_NAME = "slurm.log"
#: The runner's own log is beside it. This one has what Slurm and the setup print.
WRAPPER = "studio.agent.executors.slurm.batch_job"
_OPTIONS = {
    "partition": "--partition",
    "account": "--account",
    "qos": "--qos",
    "cpus": "--cpus-per-task",
    "gpus": "--gpus",
    "memory": "--mem",
    "time_limit": "--time",
}


def job_script(
    settings: Mapping[str, Any],
    folder: Path,
    *,
    name: str,
    comment: str,
    variables: Mapping[str, str],
    runner: Sequence[str],
) -> str:
    """The text of the script for a job's folder.

    The server queues a lost run again itself, so Slurm must not.
    """
    options = [
        f"--job-name={name}",
        f"--comment={comment}",
        f"--output={_in_pattern(folder / LOG_NAME)}",
        f"--chdir={folder}",
        "--open-mode=append",
        "--no-requeue",
        *(
            f"{option}={settings[key]}"
            for key, option in _OPTIONS.items()
            if key in settings
        ),
        *settings.get("options", ()),
    ]
    exports = [f"export {key}={shlex.quote(text)}" for key, text in variables.items()]
    words = [sys.executable, "-m", WRAPPER, str(folder), *runner]
    return "\n".join(
        (
            "#!/bin/bash",
            *(f"#SBATCH {_as_option(line)}" for line in options),
            *exports,
            *settings.get("setup", ()),
            f"exec {shlex.join(words)}",
            "",
        )
    )


def _as_option(line: str) -> str:
    """Slurm reads the line like a shell: what has blanks is quoted."""
    option, equals, value = line.partition("=")
    return f"{option}{equals}{shlex.quote(value)}" if equals else line


def _in_pattern(path: Path) -> str:
    """A percent sign begins a placeholder in names of output files."""
    return str(path).replace("%", "%%")
