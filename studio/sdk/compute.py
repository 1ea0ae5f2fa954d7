"""Where runs execute: `local` is this machine, others are queues that agents serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from typing import List as ListOf  # noqa: UP035 (`list` is a method here)
from urllib.parse import quote

from studio.core.errors import AlreadyExists, NotFound, PermissionDenied
from studio.sdk.errors import ComputeTargetException
from studio.sdk.not_offered import not_offered

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

#: The target that always exists: the submitter's own machine.
LOCAL_TARGET = "local"
#: What v1 scripts compare with: a target exists, or it does not.
_SUCCEEDED = "Succeeded"
#: v1's states of nodes. Each agent has one of them.
_NODE_STATES = ("idle", "running", "leaving", "unusable")


class TargetStatus(str):
    """`Succeeded`, with what the target's agents, engine and queue are like now."""

    __slots__ = ("_values",)

    _values: dict[str, Any]

    def __new__(cls, values: Mapping[str, Any]) -> TargetStatus:
        status = super().__new__(cls, _SUCCEEDED)
        status._values = dict(values)
        return status

    @property
    def provisioning_state(self) -> str:
        return _SUCCEEDED

    @property
    def allocation_state(self) -> str:
        """`Steady`: the number of agents changes only when you start or stop one."""
        return "Steady"

    @property
    def current_node_count(self) -> int:
        """How many agents it has."""
        return len(self._agents)

    @property
    def target_node_count(self) -> int:
        """As `current_node_count`."""
        return self.current_node_count

    @property
    def node_state_counts(self) -> dict[str, int]:
        """How many agents are idle, run something, leave, or do not respond."""
        counts = dict.fromkeys(_NODE_STATES, 0)
        for agent in self._agents:
            counts[_node_state(agent)] += 1
        return counts

    @property
    def errors(self) -> ListOf[str]:  # noqa: UP006
        """Why its runs may not start, such as the words of an engine that is down."""
        name, found = str(self._values["name"]), []
        if self._values.get("paused"):
            found.append(f"The target {name} is paused.")
        if "agents" in self._values and not self._agents and name != LOCAL_TARGET:
            found.append(f"No agent serves it. To start one: {_how_to_start(name)}")
        for agent in self._agents:
            problem = (agent["usage"].get("engine") or {}).get("problem")
            if agent["health"] == "unreachable":
                found.append(f"The agent {agent['name']} does not respond.")
            elif problem:
                found.append(f"The agent {agent['name']}: {problem}")
        return found

    def serialize(self) -> dict[str, Any]:
        """The target as the server reports it, and v1's names for its state."""
        counts = self.node_state_counts.items()
        return {
            **self._values,
            "provisioningState": self.provisioning_state,
            "allocationState": self.allocation_state,
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": {f"{name}NodeCount": count for name, count in counts},
            "errors": self.errors,
        }

    @property
    def _agents(self) -> ListOf[dict[str, Any]]:  # noqa: UP006
        return list(self._values.get("agents") or ())


def _node_state(agent: Mapping[str, Any]) -> str:
    if agent["health"] == "unreachable":
        return "unusable"
    if agent["health"] != "healthy":
        return "leaving"
    return "running" if agent["busy"] else "idle"


class ComputeTarget:
    """The compute target of that name in the workspace.

    Scripts pass it to ScriptRunConfig. Raises ComputeTargetException for an unknown
    name, which lists the targets.
    """

    type = "Local"

    def __init__(self, workspace: Workspace, name: str) -> None:
        check_target(workspace, name)
        self.workspace = workspace
        self.name = name
        if self.__class__ is ComputeTarget and name != LOCAL_TARGET:
            # As in v1, the base class finds the kind of the target.
            self.__class__ = AmlCompute

    @classmethod
    def _known(cls, workspace: Workspace, name: str) -> ComputeTarget:
        """The object for a target that exists."""
        target = cls.__new__(cls)
        target.workspace, target.name = workspace, name
        return target

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    @property
    def provisioning_state(self) -> str:
        """`Succeeded`: the target exists. `get_status().errors` has its problems."""
        return _SUCCEEDED

    @property
    def status(self) -> TargetStatus:
        """The status as `get_status()` reads it."""
        return self.get_status()

    def get_status(self) -> TargetStatus:
        """`Succeeded`. Its `serialize()` has the agents, slots and runs.

        Raises ComputeTargetException if the target was removed.
        """
        return TargetStatus(_read_target(self.workspace, self.name))

    def serialize(self) -> dict[str, Any]:
        """The target and its state, as v1 writes them.

        Raises ComputeTargetException if the target was removed.
        """
        status = self.get_status()
        content = status.serialize()
        return {
            "name": self.name,
            "kind": content.get("kind", "agents"),
            "properties": {
                "computeType": self.type,
                "provisioningState": status.provisioning_state,
                "provisioningErrors": status.errors,
                "description": content.get("description", ""),
                "isAttachedCompute": False,
                "properties": content,
            },
        }

    def refresh_state(self) -> None:
        """Does nothing: the status is read at each use."""

    def list_nodes(self) -> ListOf[dict[str, Any]]:  # noqa: UP006
        """The agents that serve it."""
        return list(_read_target(self.workspace, self.name).get("agents") or ())

    def wait_for_completion(
        self, show_output: bool = False, *_words: Any, **_more: Any
    ) -> None:
        """Return at once. With `show_output`, prints how to start an agent."""
        if not show_output:
            return
        has_agents = self.name == LOCAL_TARGET or bool(self.list_nodes())
        hint = "" if has_agents else f" To run its queue: {_how_to_start(self.name)}"
        print(f"{self.name}: {_SUCCEEDED}.{hint}")  # noqa: T201 (as v1 does)

    def delete(self) -> None:
        """Remove the target. It must not have queued or running runs."""
        connection = self.workspace._connection
        connection.change("DELETE", f"compute/{quote(self.name, safe='')}")

    @classmethod
    def list(cls, workspace: Workspace) -> ListOf[ComputeTarget]:  # noqa: UP006
        """The targets of the workspace."""
        return [*list_targets(workspace).values()]

    @staticmethod
    def create(
        workspace: Workspace, name: str, provisioning_configuration: object = None
    ) -> ComputeTarget:
        """Add a target, whose runs wait for an agent; returns one that exists.

        No machine is started: `wait_for_completion(show_output=True)` prints the
        command for an agent. Raises ComputeTargetException if you are not an owner.
        """
        del provisioning_configuration
        try:
            workspace._connection.change("POST", "compute", {"name": name})
        except AlreadyExists:
            pass
        except PermissionDenied as error:
            raise ComputeTargetException(
                f"Only owners can add the compute target {name!r}. Ask an owner to "
                f"run: {_how_to_add(name)} The token of an owner needs the maximum "
                "role owner: create one on the Account page."
            ) from error
        return AmlCompute._known(workspace, name)

    @staticmethod
    def attach(workspace: Workspace, name: str, *_words: Any, **_more: Any) -> NoReturn:
        """Not offered: an agent connects its machine itself."""
        del workspace
        raise not_offered(
            f"Machines are not attached from here. To add {name!r}: {_how_to_add(name)}"
        )


class AmlCompute(ComputeTarget):
    """A queue, from which agents take runs; in v1 a cluster."""

    type = "AmlCompute"

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "", **settings: Any
    ) -> dict[str, Any]:
        """The settings for `ComputeTarget.create`. They have no effect here."""
        return {"vm_size": vm_size, **settings}

    @staticmethod
    def supported_vmsizes(
        workspace: Workspace, location: str | None = None
    ) -> ListOf[dict[str, Any]]:  # noqa: UP006
        """Empty: the machines are those on which you start agents."""
        del workspace, location
        return []


class ComputeInstance(AmlCompute):
    """A queue; in v1 a virtual machine."""

    type = "ComputeInstance"


class RemoteCompute(ComputeTarget):
    """A queue; in v1 an attached machine."""

    type = "RemoteCompute"

    @staticmethod
    def attach_configuration(**settings: Any) -> dict[str, Any]:
        """The settings for `ComputeTarget.attach`, which explains what to do."""
        return settings


class ComputeTargets(dict[str, ComputeTarget]):
    """The targets by name. An unknown name is a KeyError that lists them."""

    def __missing__(self, name: str) -> ComputeTarget:
        raise KeyError(_explain_unknown(name, self))


def list_targets(workspace: Workspace) -> ComputeTargets:
    """`local`, and the targets of the workspace on the server."""
    local = ComputeTarget._known(workspace, LOCAL_TARGET)
    found = ComputeTargets({LOCAL_TARGET: local})
    if workspace._connection.is_buffering:
        return found
    for one in _read_targets(workspace):
        found.setdefault(one["name"], AmlCompute._known(workspace, one["name"]))
    return found


def check_target(workspace: Workspace, name: str) -> None:
    """Raise ComputeTargetException if there is no such target."""
    if name == LOCAL_TARGET:
        return
    known = list_targets(workspace)
    if name not in known:
        raise ComputeTargetException(_explain_unknown(name, known))


def _read_targets(workspace: Workspace) -> ListOf[dict[str, Any]]:  # noqa: UP006
    try:
        return list(workspace._connection.get("compute")["targets"])
    except NotFound:
        # A server of an older version has no others.
        return []


def _read_target(workspace: Workspace, name: str) -> dict[str, Any]:
    if workspace._connection.is_buffering:
        return {"name": name}
    known = {one["name"]: one for one in _read_targets(workspace)}
    if name not in known and name != LOCAL_TARGET:
        raise ComputeTargetException(_explain_unknown(name, {LOCAL_TARGET, *known}))
    return dict(known.get(name, {"name": name}))


def _explain_unknown(name: str, known: Iterable[str]) -> str:
    return (
        f"There is no compute target {name!r}. The targets are: "
        f"{', '.join(sorted(known))}. To add one: {_how_to_add(name)}"
    )


def _how_to_add(name: str) -> str:
    return f"`studio target create {name}`, then {_how_to_start(name)}"


def _how_to_start(name: str) -> str:
    return f"on the machine that is to run it `studio agent --compute {name}`."
