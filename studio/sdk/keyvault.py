"""The secrets of a workspace, under the names of v1's key vault."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.core.errors import NotFound
from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace


class Keyvault:
    """The secrets of a workspace: owners set them, runs get them as variables.

    v1's names can have dashes. Here those become underscores.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def get_secret(self, name: str) -> str:
        """A secret that this process has as an environment variable.

        Raises UserErrorException for any other: the server gives values only to runs.
        """
        return read_secret(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        """Secrets by their names; see `get_secret`."""
        return {name: self.get_secret(name) for name in secrets}

    def set_secret(self, name: str, value: str) -> None:
        """Set a secret, for owners. Raises PermissionDenied for other members."""
        path = f"secrets/{quote(_variable(name), safe='')}"
        self._workspace._connection.change("PUT", path, {"value": value})

    def set_secrets(self, secrets_batch: Mapping[str, str]) -> None:
        """Set secrets by their names."""
        for name, value in secrets_batch.items():
            self.set_secret(name, value)

    def list_secrets(self) -> list[dict[str, Any]]:
        """The names of the secrets, each as a dict with `name`. Values are not read."""
        found = self._workspace._connection.get("secrets")["secrets"]
        return [{"name": one["name"]} for one in found]

    def delete_secret(self, name: str) -> None:
        """Delete a secret, for owners. Raises UserErrorException for an unknown one."""
        path = f"secrets/{quote(_variable(name), safe='')}"
        try:
            self._workspace._connection.change("DELETE", path)
        except NotFound as error:
            raise UserErrorException(error.message) from error

    def delete_secrets(self, secrets: Sequence[str]) -> None:
        """Delete secrets by their names."""
        for name in secrets:
            self.delete_secret(name)

    def __repr__(self) -> str:
        return f"Keyvault(workspace={self._workspace.name!r})"


def read_secret(name: str) -> str:
    """A secret of the workspace that this process was given as a variable.

    Raises UserErrorException for any other.
    """
    for variable in (name, _variable(name)):
        if variable in os.environ:
            return os.environ[variable]
    raise UserErrorException(
        f"This script has no secret {name!r}: set it in the workspace, and name it in "
        "`secrets` of the RunConfiguration. Then it is in os.environ, too."
    )


def _variable(name: str) -> str:
    """The name of the variable. v1's names can have dashes."""
    return name.replace("-", "_")
