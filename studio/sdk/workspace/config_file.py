"""config.json: which workspace a folder's scripts log to. Both forms of the v1 tools.

    {"subscription_id": "…", "resource_group": "…", "workspace_name": "…"}
    {"Id": "…", "Scope": "/subscriptions/S/resourceGroups/R/providers/…/workspaces/W"}

`endpoint`, which the v1 SDK ignores, names the server.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from studio.sdk.errors import UserErrorException

FOLDERS = (".azureml", "aml_config", "")
NAMES = ("config.json", "project.json")
_SCOPE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/[^/]+/workspaces/(?P<workspace>[^/]+)"
    r"(/projects/(?P<experiment>[^/]+))?/?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class WorkspaceConfig:
    """The content of a file; missing values are empty."""

    workspace: str
    subscription_id: str = ""
    resource_group: str = ""
    endpoint: str = ""
    experiment: str = ""
    path: str = ""


def find_file(
    path: str | os.PathLike[str] | None, file_name: str | None
) -> Path | None:
    """The file for `path` (a file or folder; by default the working folder).

    Searches all folders up to the root for `.azureml/`, then for `aml_config/`, then
    for the file itself.
    """
    start = Path(path or ".").expanduser().absolute()
    if start.is_file():
        return start
    names = (file_name,) if file_name else NAMES
    # The v1 SDK searches in the same order.
    for subfolder in FOLDERS:
        for folder in (start, *start.parents):
            for name in names:
                found = folder / subfolder / name
                if found.is_file():
                    return found
    return None


def find_config(path: str | os.PathLike[str]) -> WorkspaceConfig | None:
    """What the nearest config.json says; None without one."""
    found = find_file(path, None)
    return read_config(found) if found else None


def not_found_error(
    path: str | os.PathLike[str] | None, file_name: str | None
) -> Exception:
    """The error for a missing file."""
    start = Path(path or ".").expanduser().absolute()
    return UserErrorException(
        f"The workspace configuration file {file_name or 'config.json'} could not be "
        f"found in {start} or its parent folders. Write one by ws.write_config(), or "
        'run `eval "$(studio env)"` and call Workspace.from_config() without a path.'
    )


def read_config(path: Path) -> WorkspaceConfig:
    """Read a file. Raises UserErrorException."""
    try:
        # Editors on Windows can begin a file with a byte order mark.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserErrorException(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserErrorException(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UserErrorException(f"{path} must hold a JSON object")
    scope = content.get("Scope")
    found = _read_scope(scope, path) if scope else _read_names(content, path)
    return WorkspaceConfig(
        **found, endpoint=str(content.get("endpoint") or "").rstrip("/"), path=str(path)
    )


def _read_scope(scope: Any, path: Path) -> dict[str, str]:
    parts = _SCOPE.fullmatch(str(scope))
    if parts is None:
        raise UserErrorException(
            f"{path}: Scope must be /subscriptions/…/resourceGroups/…/providers/…/"
            f"workspaces/NAME, not {scope!r}"
        )
    return {
        "workspace": unquote(parts["workspace"]),
        "subscription_id": unquote(parts["subscription"]),
        "resource_group": unquote(parts["group"]),
        # `studio folder attach` quotes it: our names may hold a slash.
        "experiment": unquote(parts["experiment"] or ""),
    }


def _read_names(content: dict[str, Any], path: Path) -> dict[str, str]:
    name = content.get("workspace_name")
    if not isinstance(name, str) or not name:
        raise UserErrorException(f"{path} names no workspace: it lacks workspace_name")
    return {
        "workspace": name,
        "subscription_id": str(content.get("subscription_id") or ""),
        "resource_group": str(content.get("resource_group") or ""),
    }


def write_file(
    content: dict[str, str],
    path: str | os.PathLike[str] | None,
    file_name: str | None = None,
) -> Path:
    """Write `.azureml/config.json`, or into `aml_config/` if that exists.

    Raises UserErrorException if the folder cannot be written to.
    """
    start = Path(path or ".").expanduser().absolute()
    old = start / "aml_config"
    folder = old if old.is_dir() else start / ".azureml"
    target = folder / (file_name or "config.json")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f"{target.name}.new")
        new.write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")
        # In one step: another process reads the old file or the whole new one.
        new.replace(target)
    except OSError as error:
        raise UserErrorException(
            f"{target} cannot be written: {error.strerror}; give write_config the path "
            "of a folder that you may write to."
        ) from error
    return target
