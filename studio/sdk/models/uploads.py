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
    stored_name,
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
    if stored_name(name) != name:
        texts = {**texts, "name": name}
    all_tags |= {f"{OWN_TAG}{key}": text for key, text in texts.items() if text}
    reply = request_models(
        workspace,
        "POST",
        "",
        {
            "experiment_id": experiment_id(workspace),
            "name": stored_name(name),
            "source_run_id": run_id,
            "tags": [{"key": key, "value": text} for key, text in all_tags.items()],
        },
    )
    created = content_of(reply["model"])
    for relative, local in files.items():
        address = model_file_path(workspace, created["address"], check_path(relative))
        with local.open("rb") as content:
            workspace._connection.client.upload(address, content, local.stat().st_size)
    created["version"] = _claim_version(workspace, created)
    path = f"/{quote(created['key'])}"
    request_models(workspace, "PATCH", path, {"status": "LOGGED_MODEL_READY"})
    return created


def _claim_version(workspace: Workspace, created: Mapping[str, Any]) -> int:
    """Store the next version of the name, which no other upload has."""
    own = (created["created"], created["key"])
    version = 0
    while True:
        others = [
            one
            for one in read_models(workspace, created["name"])
            if one["key"] != created["key"]
        ]
        rivals = [one for one in others if one["version"] == version]
        if version and not rivals:
            return version
        # Several that chose the same at once choose again: the older ones come first.
        highest = max((one["version"] for one in others), default=0)
        earlier = [one for one in rivals if (one["created"], one["key"]) < own]
        version = int(highest) + 1 + (len(earlier) if version else 0)
        pairs = [{"key": f"{OWN_TAG}version", "value": str(version)}]
        path = f"/{quote(created['key'])}/tags"
        request_models(workspace, "PATCH", path, {"tags": pairs})


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
