"""Requests for logged models, and their content in one form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

#: The experiment of all registered models.
EXPERIMENT = "models"
#: Tags that this client keeps for itself.
OWN_TAG = "studio.model."
_FORBIDDEN = frozenset("/:%\"'")
#: MLflow refuses dots in names: the true name is in a tag.
_DOT = "~"
_PAGE_MODELS = 50


def find_models(workspace: Workspace, name: str | None) -> list[dict[str, Any]]:
    """The complete models of that name, or all, the newest first."""
    found = [one for one in read_models(workspace, name) if one["version"]]
    return sorted(found, key=lambda one: (one["created"], one["version"]), reverse=True)


def read_models(workspace: Workspace, name: str | None) -> Iterator[dict[str, Any]]:
    if name is not None:
        check_model_name(name)
    # Readers of models need no right to create their experiment.
    found = workspace._connection.get("experiments", name=EXPERIMENT)["experiments"]
    if not found:
        return
    body: dict[str, Any] = {
        "experiment_ids": [str(found[0]["id"])],
        "max_results": _PAGE_MODELS,
    }
    if name is not None:
        body["filter"] = f"name = '{stored_name(name)}'"
    token: str | None = ""
    while token is not None:
        body["page_token"] = token
        page = request_models(workspace, "POST", "/search", body)
        for one in map(content_of, page.get("models") or ()):
            if name in (None, one["name"]):
                yield one
        token = page.get("next_page_token") or None


def content_of(model: Mapping[str, Any]) -> dict[str, Any]:
    info = model["info"]
    tags = {one["key"]: one["value"] for one in info.get("tags") or ()}
    own = {
        key[len(OWN_TAG) :]: text
        for key, text in tags.items()
        if key.startswith(OWN_TAG)
    }
    milliseconds = int(info["creation_timestamp_ms"])
    return {
        **own,
        "properties": json.loads(own.get("properties") or "{}"),
        "version": int(own.get("version") or 0),
        "key": info["model_id"],
        "name": own.get("name") or info["name"],
        "run_id": info.get("source_run_id") or "",
        "created": datetime.fromtimestamp(milliseconds / 1000, timezone.utc),
        "address": info["artifact_uri"],
        "tags": {
            key: text for key, text in tags.items() if not key.startswith(OWN_TAG)
        },
    }


def list_model_files(
    workspace: Workspace, address: str, folder: str = ""
) -> Iterator[str]:
    path = f"{_relative_address(address)}/{folder}".rstrip("/")
    base = f"/w/{quote(workspace.name)}/api/2.0/mlflow-artifacts/artifacts"
    reply = workspace._connection.client.json(
        "GET", base, query={"path": path}, has_version=False
    )
    for one in reply.get("files") or ():
        name = f"{folder}/{one['path']}" if folder else one["path"]
        if one.get("is_dir"):
            yield from list_model_files(workspace, address, name)
        else:
            yield name


def model_file_path(workspace: Workspace, address: str, name: str) -> str:
    base = f"/w/{quote(workspace.name)}/api/2.0/mlflow-artifacts/artifacts"
    return f"{base}/{quote(_relative_address(address))}/{quote(name)}"


def _relative_address(address: str) -> str:
    return address.partition(":")[2].lstrip("/") if ":" in address else address


def request_models(
    workspace: Workspace, method: str, path: str, body: Any = None
) -> Any:
    base = f"/w/{quote(workspace.name)}/api/2.0/mlflow/logged-models"
    client = workspace._connection.client
    return client.json(method, f"{base}{path}", body, has_version=False)


def experiment_id(workspace: Workspace) -> str:
    """The id of the experiment, which is created if needed."""
    body = {"name": EXPERIMENT}
    return str(workspace._connection.change("POST", "experiments", body)["id"])


def check_model_name(name: str) -> None:
    """Raise UserErrorException for a name that no logged model can have."""
    # A name of dots alone would be another folder.
    if not name.strip(".") or not name.isprintable() or _FORBIDDEN & set(name):
        raise UserErrorException(
            f"{name!r} can't be the name of a model. Use printable text without "
            "/ : % and quotes."
        )


def stored_name(name: str) -> str:
    """The name of the logged model."""
    return name.replace(".", _DOT)


def matches(
    content: Mapping[str, Any],
    tags: Any,
    properties: Any,
    run_id: str | None,
    framework: str | None,
) -> bool:
    return (
        _has(content["tags"], tags)
        and _has(content.get("properties") or {}, properties)
        and (run_id is None or content["run_id"] == run_id)
        and (framework is None or content.get("framework") == framework)
    )


def _has(texts: Mapping[str, str], wanted: Any) -> bool:
    """Whether all keys, or pairs of key and value, are there."""
    pairs = wanted.items() if isinstance(wanted, Mapping) else wanted or ()
    for one in [pairs] if isinstance(pairs, str) else pairs:
        if isinstance(one, str):
            if one not in texts:
                return False
        elif texts.get(one[0]) != str(one[1]):
            return False
    return True
