"""Ray: the settings of its targets, and what Ray gets for a run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core.compute_kinds.kind import ComputeKind, Setting
from studio.core.compute_kinds.quantities import parse_size
from studio.core.messages import message

#: What Ray and the setup print. The runner's own log is next to it.
RAY_LOG = "ray.log"
RAY_SCRIPT = "ray.sh"
#: The part of `studio.agent` that runs in the Ray job, and starts the runner.
RAY_DRIVER = "studio.agent.executors.ray.driver"
#: How long Ray waits for a stopped job before it kills it. By then, the runner has
#: killed its script and delivered what it wrote.
STOP_WAIT_SECONDS = 120
_RESOURCES = {"cpus": "entrypoint_num_cpus", "gpus": "entrypoint_num_gpus"}


def ray_request(
    settings: Mapping[str, Any], folder: Path, submission: str
) -> dict[str, Any]:
    """The body of the request. It has no secrets: the dashboard shows it."""
    variables = dict(_pairs(settings.get("env_vars", ())))
    runtime: dict[str, Any] = {
        "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_SECONDS), **variables}
    }
    if settings.get("pip"):
        runtime["pip"] = list(settings["pip"])
    request: dict[str, Any] = {
        # Ray starts it by `sh -c`, and signals what is below that.
        "entrypoint": f"exec /bin/bash {shlex.quote(str(folder / RAY_SCRIPT))}",
        "submission_id": submission,
        "runtime_env": runtime,
        "metadata": {"run_studio": folder.name},
    }
    for name, field in _RESOURCES.items():
        if name in settings:
            request[field] = float(settings[name])
    if "memory" in settings:
        request["entrypoint_memory"] = parse_size(settings["memory"])
    if settings.get("resources"):
        pairs = _pairs(settings["resources"])
        request["entrypoint_resources"] = {name: float(text) for name, text in pairs}
    return request


def ray_resources(settings: Mapping[str, Any]) -> dict[str, float]:
    """The resources of a job by Ray's names, as the cluster's usage has them."""
    needed = {"CPU": settings.get("cpus"), "GPU": settings.get("gpus")}
    if "memory" in settings:
        needed["memory"] = parse_size(settings["memory"])
    needed.update(_pairs(settings.get("resources", ())))
    return {name: float(one) for name, one in needed.items() if one and float(one)}


def ray_script(
    settings: Mapping[str, Any],
    *,
    variables: Mapping[str, str],
    defaults: Mapping[str, str],
    command: Sequence[str],
) -> str:
    """The text of the script that a job runs, which ends with the command.

    `defaults` are variables that the job gets only where Ray sets none, such as the
    GPUs that Ray gives it.
    """
    return "\n".join(
        (
            "#!/bin/bash",
            *(
                f'[ "${{{name}+set}}" ] || export {name}={shlex.quote(text)}'
                for name, text in defaults.items()
                if name.isidentifier()
            ),
            *(f"export {name}={shlex.quote(text)}" for name, text in variables.items()),
            *settings.get("setup", ()),
            # Ray's SIGTERM is for the driver, which this shell waits for.
            "trap : TERM INT",
            shlex.join(command),
            'exit "$?"',
            "",
        )
    )


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    parts = (line.partition("=") for line in lines)
    return [(name.strip(), value) for name, _equals, value in parts]


def _preview(settings: Mapping[str, Any]) -> str:
    folder = Path("/home/USER/.studio-agent/RUN")
    request = json.dumps(ray_request(settings, folder, "RUN"), indent=2)
    command = ("python3", "-m", RAY_DRIVER, "RUN")
    script = ray_script(settings, variables={}, defaults={}, command=command)
    return f"{request}\n\n# {RAY_SCRIPT}\n{script}"


#: What each means stands in docs/user/compute.md.
RAY = ComputeKind(
    "ray",
    message("Ray"),
    message("jobs of a Ray cluster, submitted by an agent that reaches it"),
    (
        Setting("address", "address"),
        Setting("cpus", "number"),
        Setting("gpus", "number"),
        Setting("memory", "size"),
        Setting("resources", "numbers"),
        Setting("time_limit", "duration"),
        Setting("max_jobs", "count"),
        Setting("can_requeue", "flag"),
        Setting("env_vars", "variables"),
        Setting("pip", "lines"),
        Setting("setup", "lines"),
    ),
    _preview,
)
