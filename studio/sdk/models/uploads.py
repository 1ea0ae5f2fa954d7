"""Uploads the files of a model as its next version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.core.names import check_path
from studio.sdk.models.logged_models import (
    OWN_TAG,
    check_model_name,
    content_of,
    experiment_id,
    model_file_path,
    read_models,
    request_models,
)

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace


def upload_model(
    workspace: Workspace,
    name: str,
    files: Mapping[str, Path],
    tags: Mapping[str, Any] | None,
    texts: Mapping[str, str],
    run_id: str,
) -> dict[str, Any]:
    """Create a logged model with these files and the next version; returns it."""
    check_model_name(name)
    workspace._connection.require_online("registered on", "register it")
    all_tags = {key: str(value) for key, value in (tags or {}).items()}
    all_tags |= {f"{OWN_TAG}{key}": text for key, text in texts.items() if text}
    reply = request_models(
        workspace,
        "POST",
        "",
        {
            "experiment_id": experiment_id(workspace),
            "name": name,
            "source_run_id": run_id,
            "tags": [{"key": key, "value": text} for key, text in all_tags.items()],
        },
    )
    created = content_of(reply["model"])
    for relative, local in files.items():
        address = model_file_path(workspace, created["address"], check_path(relative))
        with local.open("rb") as content:
            workspace._connection.client.upload(address, content, local.stat().st_size)
    version = created["version"] = _next_version(workspace, created)
    path = f"/{quote(created['key'])}"
    pairs = [{"key": f"{OWN_TAG}version", "value": str(version)}]
    request_models(workspace, "PATCH", f"{path}/tags", {"tags": pairs})
    request_models(workspace, "PATCH", path, {"status": "LOGGED_MODEL_READY"})
    return created


def _next_version(workspace: Workspace, created: Mapping[str, Any]) -> int:
    """One more than the others. Older ones without a version come first."""
    others = [
        one
        for one in read_models(workspace, created["name"])
        if one["key"] != created["key"]
    ]
    highest = max((one["version"] for one in others if one["version"]), default=0)
    own = (created["created"], created["key"])
    waiting = [
        one
        for one in others
        if not one["version"] and (one["created"], one["key"]) < own
    ]
    return int(highest + len(waiting) + 1)


def own_texts(
    properties: Mapping[str, Any] | None,
    description: str | None,
    framework: str | None,
    framework_version: str | None,
) -> dict[str, str]:
    known = {key: str(value) for key, value in (properties or {}).items()}
    return {
        "properties": json.dumps(known, sort_keys=True) if known else "",
        "description": description or "",
        "framework": framework or "",
        "framework_version": framework_version or "",
    }
