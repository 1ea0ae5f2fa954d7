"""Where runs execute. `local`, this machine, always exists; there are no others yet."""

from __future__ import annotations

from typing import Any

from studio.sdk.errors import NotSupportedError


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
            f"Scripts make no compute targets here, so {name!r} cannot be created: use "
            "compute_target='local'."
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


def local_targets(workspace: object) -> dict[str, ComputeTarget]:
    return {"local": ComputeTarget(workspace, "local")}
