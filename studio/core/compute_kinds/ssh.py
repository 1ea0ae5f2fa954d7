"""SSH: the settings of its targets, and the script that starts a run there."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.compute_kinds.kind import ComputeKind, Setting
from studio.core.messages import message

#: The part of `studio.agent` that keeps a run on the machine.
SSH_KEEPER = "studio.agent.executors.ssh.keeper"
#: The folders of the job and of the client there.
JOB_VARIABLE, CLIENT_VARIABLE = "STUDIO_AGENT_JOB", "STUDIO_AGENT_CLIENT"
DEFAULT_PYTHON, DEFAULT_FOLDER = "python3", "~/.run-studio"


def ssh_script(
    settings: Mapping[str, Any],
    runner: Sequence[str] = ("-m", "studio.runner.job"),
    devices: str = "",
) -> str:
    """The text of the script; `devices` are the GPUs of the run, empty for all."""
    lines = ["#!/bin/bash"]
    if devices:
        lines.append(f"export CUDA_VISIBLE_DEVICES={shlex.quote(devices)}")
    python = quote_path(settings.get("python", DEFAULT_PYTHON))
    return "\n".join(
        (
            *lines,
            *settings.get("setup", ()),
            # The setup can have replaced it.
            f'export PYTHONPATH="${CLIENT_VARIABLE}${{PYTHONPATH:+:$PYTHONPATH}}"',
            f'exec {python} -m {SSH_KEEPER} "${JOB_VARIABLE}" {shlex.join(runner)}',
            "",
        )
    )


def quote_path(path: str) -> str:
    """The path as a word of the shell, which finds the home folder for `~/`."""
    home, slash, rest = path.partition("/")
    if home == "~" and slash:
        return f"~/{shlex.quote(rest)}"
    return shlex.quote(path)


#: What each means stands in docs/user/compute.md.
SSH = ComputeKind(
    "ssh",
    message("SSH"),
    message("processes of a machine that an agent reaches with ssh"),
    (
        Setting("host", "word", is_required=True),
        Setting("port", "port"),
        Setting("user", "word"),
        Setting("folder", "path"),
        Setting("python", "path"),
        Setting("gpus", "count"),
        Setting("max_jobs", "count"),
        Setting("cost_per_hour", "word"),
        Setting("setup", "lines"),
    ),
    ssh_script,
    default_jobs=1,
)
