"""Environments that a workspace keeps on its server, by name and version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from studio.core.errors import NotFound
from studio.core.names import check_environment_name
from studio.sdk.errors import UserErrorException
from studio.sdk.submission.environment_content import environment_content
from studio.sdk.submission.settings_sections import without_nulls


class RegisteredEnvironments(Mapping[str, Any]):
    """The newest versions by name; each is read from the server when it is used."""

    def __init__(self, names: Iterable[str], read: Callable[[str], Any]) -> None:
        self._found: dict[str, Any] = dict.fromkeys(names)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            raise KeyError(
                f"There is no environment {name!r}. The environments are: "
                f"{', '.join(self._found) or 'none'}. To add one: "
                f"Environment({name!r}).register(workspace)."
            )
        found = self._found[name]
        if found is None:
            found = self._found[name] = self._read(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._found)})"


def list_names(workspace: Any) -> list[str]:
    try:
        found = workspace._connection.get("environments")
    except NotFound:
        # A server of an older version keeps none.
        return []
    return [one["name"] for one in found["environments"]]


def read_content(
    workspace: Any, name: str, version: str | int | None
) -> dict[str, Any]:
    """The content of a version, with its name. Raises NotFound."""
    path = _path(name)
    if version is not None:
        path += f"/versions/{_version_number(name, version)}"
    return dict(workspace._connection.get(path)["definition"])


def register(workspace: Any, environment: Any) -> dict[str, Any]:
    """The content of the version that now has what the environment has."""
    body = {"definition": without_nulls(environment_content(environment))}
    path = _path(environment.name)
    return dict(workspace._connection.change("POST", path, body)["definition"])


def _path(name: str) -> str:
    return f"environments/{quote(check_environment_name(name), safe='')}"


def _version_number(name: str, version: str | int) -> int:
    text = str(version)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise UserErrorException(
            f"The version of the environment {name!r} must be a number, not {text!r}. "
            "Leave it out to get the newest version."
        )
    return int(text)
