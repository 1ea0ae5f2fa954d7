"""Where a compute target is in the API, and the error if there is none."""

from __future__ import annotations

from urllib.parse import quote

from studio.cli.command_group import suggest
from studio.cli.target import Target
from studio.core.errors import NotFound


def unknown_target(target: Target, name: str, error: NotFound) -> NotFound:
    """A sentence with the nearest name, if it is the target that is missing."""
    if error.details.get("missing") == "workspace":
        return error
    known = [str(one["name"]) for one in target.client.get("compute")["targets"]]
    return NotFound(f"There is no compute target {name!r}. {suggest(name, known)}")


def target_path(name: str) -> str:
    """The target's path in the API."""
    return f"compute/{quote(name, safe='')}"
