"""All kinds of compute targets."""

from __future__ import annotations

from studio.core.compute_kinds.kind import ComputeKind
from studio.core.compute_kinds.slurm import SLURM
from studio.core.errors import InvalidValue
from studio.core.messages import message

AGENTS = ComputeKind(
    "agents",
    message("Agents"),
    message("processes on the machines where agents run"),
)

#: One entry for each kind. `studio.agent.executors` has an executor for each.
COMPUTE_KINDS = {kind.name: kind for kind in (AGENTS, SLURM)}


def check_kind(name: str) -> ComputeKind:
    """The kind of this name. Raises InvalidValue that lists the kinds."""
    if name not in COMPUTE_KINDS:
        raise InvalidValue(
            message("kind must be one of %(kinds)s.", kinds=", ".join(COMPUTE_KINDS)),
            field="kind",
        )
    return COMPUTE_KINDS[name]
