"""All kinds of compute targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.compute_kinds.kind import ComputeKind
from studio.core.compute_kinds.ray import RAY
from studio.core.compute_kinds.slurm import SLURM
from studio.core.compute_kinds.ssh import SSH
from studio.core.errors import InvalidValue
from studio.core.messages import message

AGENTS = ComputeKind(
    "agents",
    message("Agents"),
    message("processes on the machines where agents run"),
)

#: One entry for each kind. `studio.agent.executors` has an executor for each.
COMPUTE_KINDS = {kind.name: kind for kind in (AGENTS, RAY, SLURM, SSH)}


def default_jobs(kind: str, settings: Mapping[str, Any]) -> int:
    """How many jobs an agent gives to an engine at a time."""
    known = COMPUTE_KINDS.get(kind)
    return int(settings.get("max_jobs", known.default_jobs if known else 1))


def check_kind(name: str) -> ComputeKind:
    """The kind of this name. Raises InvalidValue that lists the kinds."""
    if name not in COMPUTE_KINDS:
        raise InvalidValue(
            message("kind must be one of %(kinds)s.", kinds=", ".join(COMPUTE_KINDS)),
            field="kind",
        )
    return COMPUTE_KINDS[name]
