"""Uploads files of this machine as a logged model, which a version can point to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.core.names import check_path
from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

#: The experiment of all uploaded models.
EXPERIMENT = "models"
#: What MLflow allows in no name of a logged model.
_FORBIDDEN = re.compile(r"[/:.%\"']")
#: Sources with these in a path are refused: some readers end a path there.
_ENDS_PATH = frozenset("#?%")


def upload_model(
    workspace: Workspace, name: str, files: Mapping[str, Path], run_id: str
) -> str:
    """Create a logged model with these files; returns it as a version's source.

    `files` have paths in the logged model, which all begin with one name.
    """
    connection = workspace._connection
    connection.require_online("registered on", "register it")
    body = {
        "experiment_id": _experiment_id(workspace),
        "name": _FORBIDDEN.sub("_", name),
        "source_run_id": run_id,
    }
    info = _request(workspace, "POST", "", body)["model"]["info"]
    for relative, local in files.items():
        address = _file_path(workspace, info["artifact_uri"], check_path(relative))
        with local.open("rb") as content:
            connection.client.upload(address, content, local.stat().st_size)
    key = info["model_id"]
    _request(workspace, "PATCH", f"/{quote(key)}", {"status": "LOGGED_MODEL_READY"})
    top = next(iter(files)).split("/")[0]
    # The path is that of the file or folder, so that MLflow finds `MLmodel` in it.
    whole = _ENDS_PATH & set(top)
    return f"models:/{key}" if whole else f"{info['artifact_uri']}/{top}"


def _experiment_id(workspace: Workspace) -> str:
    """The id of the experiment, which is created if needed."""
    body = {"name": EXPERIMENT}
    return str(workspace._connection.change("POST", "experiments", body)["id"])


def _request(workspace: Workspace, method: str, path: str, body: Any) -> Any:
    base = f"/w/{quote(workspace.name)}/api/2.0/mlflow/logged-models"
    client = workspace._connection.client
    return client.json(method, f"{base}{path}", body, has_version=False)


def _file_path(workspace: Workspace, address: str, name: str) -> str:
    base = f"/w/{quote(workspace.name)}/api/2.0/mlflow-artifacts/artifacts"
    relative = address.partition(":")[2].lstrip("/")
    return f"{base}/{quote(relative)}/{quote(name)}"


def local_files(path: Path, chosen: Sequence[str] | None) -> dict[str, Path]:
    """The files by their paths in a model, which begin with the folder's name.

    Raises UserErrorException if there are none.
    """
    if not path.exists():
        raise UserErrorException(
            f"There is no file or folder {str(path)!r} to register."
        )
    if path.is_file():
        return {path.name: path}
    top = path.absolute().name
    files = {
        f"{top}/{one.relative_to(path).as_posix()}": one
        for one in sorted(path.rglob("*"))
        if one.is_file() and _is_chosen(one.relative_to(path), chosen)
    }
    if not files:
        raise UserErrorException(f"The folder {str(path)!r} has no files.")
    return files


def _is_chosen(path: Path, chosen: Sequence[str] | None) -> bool:
    folders = {Path(one) for one in chosen or ()}
    return chosen is None or bool(folders & {path, *path.parents})
