"""The registered environment that a form has chosen, and the choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runs.actions.submit import find_environment, read_environment
from runs.models import Workspace
from runs.search.submit import list_environments

#: Environments of one list; others are chosen by a script.
MAX_CHOICES = 200


@dataclass(frozen=True)
class EnvironmentOption:
    #: Name and version: `trees:2`.
    value: str
    is_chosen: bool


def environment_options(workspace: Workspace, chosen: str) -> list[EnvironmentOption]:
    """Return the newest version of each environment, and the chosen one."""
    found = [str(one) for one in list_environments(workspace)[:MAX_CHOICES]]
    if chosen and chosen not in found:
        found.insert(0, chosen)
    return [EnvironmentOption(one, one == chosen) for one in found]


def read_chosen(workspace: Workspace, chosen: str) -> dict[str, Any]:
    """Return the content of a registered environment; raise NotFound."""
    name, _colon, version = chosen.rpartition(":")
    number = int(version) if version.isdecimal() and len(version) <= 9 else 0
    return read_environment(find_environment(workspace, name, number))
