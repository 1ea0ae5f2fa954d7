"""Slurm: the settings of its targets, and the batch script of a run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core.compute_kinds.kind import ComputeKind, Setting
from studio.core.messages import message

#: What Slurm and the setup print. The runner's own log is next to it.
SLURM_LOG = "slurm.log"
#: The part of `studio.agent` that runs in the Slurm job, and starts the runner.
SLURM_WRAPPER = "studio.agent.executors.slurm.batch_job"
_OPTIONS = {
    "partition": "--partition",
    "account": "--account",
    "qos": "--qos",
    "cpus": "--cpus-per-task",
    "gpus": "--gpus",
    "memory": "--mem",
    "time_limit": "--time",
}


def slurm_script(
    settings: Mapping[str, Any],
    folder: Path,
    *,
    name: str,
    comment: str,
    variables: Mapping[str, str],
    command: Sequence[str],
) -> str:
    """The text of the script for a job's folder, which ends with the command.

    The server queues a lost run again itself, so Slurm must not.
    """
    output = _in_pattern(folder / SLURM_LOG)
    options = _options(settings, folder, name, comment, output)
    exports = [f"export {key}={shlex.quote(text)}" for key, text in variables.items()]
    return "\n".join(
        (
            "#!/bin/bash",
            *(f"#SBATCH {_as_option(line)}" for line in options),
            *exports,
            *settings.get("setup", ()),
            f"exec {shlex.join(command)}",
            "",
        )
    )


def slurm_array_script(
    settings: Mapping[str, Any], place: Path, script: str, *, comment: str, tasks: int
) -> str:
    """The script of an array: each task executes the `script` in its own folder.

    `place` has links to the folders, named by the numbers of the tasks.
    """
    output = f"{_in_pattern(place)}/%a/{SLURM_LOG}"
    options = _options(settings, place, "run-studio", comment, output)
    return "\n".join(
        (
            "#!/bin/bash",
            *(f"#SBATCH {_as_option(line)}" for line in options),
            f"#SBATCH --array=0-{tasks - 1}",
            f'cd -P {shlex.quote(str(place))}/"$SLURM_ARRAY_TASK_ID" || exit',
            f"exec /bin/bash {shlex.quote(script)}",
            "",
        )
    )


def _options(
    settings: Mapping[str, Any], folder: Path, name: str, comment: str, output: str
) -> list[str]:
    return [
        f"--job-name={name}",
        f"--comment={comment}",
        f"--output={output}",
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


def _as_option(line: str) -> str:
    """Slurm reads the line like a shell: what has blanks is quoted."""
    option, equals, value = line.partition("=")
    return f"{option}{equals}{shlex.quote(value)}" if equals else line


def _in_pattern(path: Path) -> str:
    """A percent sign begins a placeholder in names of output files."""
    return str(path).replace("%", "%%")


def _preview(settings: Mapping[str, Any]) -> str:
    return slurm_script(
        settings,
        Path("/home/USER/.studio-agent/RUN"),
        name="RUN",
        comment="run-studio ID",
        variables={},
        command=("python3", "-m", SLURM_WRAPPER, "RUN"),
    )


#: What each means stands in docs/user/compute.md.
SLURM = ComputeKind(
    "slurm",
    message("Slurm"),
    message("jobs of a Slurm cluster, submitted by an agent on a login node"),
    (
        Setting("partition", "word"),
        Setting("account", "word"),
        Setting("qos", "word"),
        Setting("cpus", "count"),
        Setting("gpus", "word"),
        Setting("memory", "word"),
        Setting("time_limit", "word"),
        Setting("max_jobs", "count"),
        Setting("can_requeue", "flag"),
        Setting("cost_per_hour", "word"),
        Setting("options", "lines"),
        Setting("setup", "lines"),
    ),
    _preview,
)
