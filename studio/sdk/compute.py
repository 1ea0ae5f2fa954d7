"""Where runs execute: `local` is this machine, others are queues that agents serve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.core.errors import NotFound
from studio.sdk.errors import ComputeTargetException, NotSupportedError

#: The target that always exists: the submitter's own machine.
LOCAL_TARGET = "local"


class ComputeTarget:
    """A compute target by its name; scripts pass it to ScriptRunConfig."""

    type = "Local"

    def __init__(self, workspace: object, name: str) -> None:
        self.workspace = workspace
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    def get_status(self) -> str:
        return "Succeeded"

    def serialize(self) -> dict[str, Any]:
        return {"name": self.name, "properties": {"computeType": self.type}}

    @staticmethod
    def create(workspace: object, name: str, *_arguments: Any, **_more: Any) -> Any:
        """Not offered: scripts cannot create compute targets."""
        raise NotSupportedError(
            f"Scripts cannot create compute targets. To add {name!r}: "
            f"{_how_to_add(name)}"
        )

    attach = create


class AmlCompute(ComputeTarget):
    """A cluster of the v1 service; the name is accepted."""

    type = "AmlCompute"

    @staticmethod
    def provisioning_configuration(**settings: Any) -> dict[str, Any]:
        """Returns the settings; nothing is provisioned."""
        return settings


class ComputeInstance(AmlCompute):
    """A virtual machine of the v1 service; the name is accepted."""

    type = "ComputeInstance"


class RemoteCompute(ComputeTarget):
    """An attached machine of the v1 service; the name is accepted."""

    type = "RemoteCompute"


class AgentsTarget(ComputeTarget):
    """A queue, from which agents take runs."""

    type = "Agents"


class ComputeTargets(dict[str, ComputeTarget]):
    """The targets by name. An unknown name is a KeyError that lists them."""

    def __missing__(self, name: str) -> ComputeTarget:
        raise KeyError(_explain_unknown(name, self))


def list_targets(workspace: Any) -> ComputeTargets:
    """`local`, and the targets of the workspace on the server."""
    found = ComputeTargets({LOCAL_TARGET: ComputeTarget(workspace, LOCAL_TARGET)})
    connection = workspace._connection
    if connection.is_buffering:
        return found
    try:
        targets = connection.get("compute")["targets"]
    except NotFound:
        # A server of an older version has no others.
        return found
    for one in targets:
        found.setdefault(one["name"], AgentsTarget(workspace, one["name"]))
    return found


def check_target(workspace: Any, name: str) -> None:
    """Raise ComputeTargetException if there is no such target."""
    if name == LOCAL_TARGET:
        return
    known = list_targets(workspace)
    if name not in known:
        raise ComputeTargetException(_explain_unknown(name, known))


def _explain_unknown(name: str, known: Iterable[str]) -> str:
    return (
        f"There is no compute target {name!r}. The targets are: "
        f"{', '.join(sorted(known))}. To add one: {_how_to_add(name)}"
    )


def _how_to_add(name: str) -> str:
    return (
        f"`studio target create {name}`, then on the machine that is to run it "
        f"`studio agent --compute {name}`."
    )
