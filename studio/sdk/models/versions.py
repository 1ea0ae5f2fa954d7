"""Requests for the versions of registered models."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.core.errors import NotFound

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

Content = dict[str, Any]

_PAGE = 200


def model_path(name: str) -> str:
    return f"models/{quote(name, safe='')}"


def version_path(content: Mapping[str, Any]) -> str:
    return f"{model_path(content['model'])}/versions/{content['version']}"


def read_versions(
    workspace: Workspace,
    name: str | None = None,
    *,
    run_id: str | None = None,
    latest: bool = False,
    page: int = _PAGE,
) -> Iterator[Content]:
    """Versions of the model, or of all models, the newest first; none for no model."""
    path = "model-versions" if name is None else f"{model_path(name)}/versions"
    query = {"run": run_id, "latest": 1 if latest else None, "limit": page}
    after: str | None = None
    while after != "":
        try:
            reply = workspace._connection.get(path, after=after, **query)
        except NotFound:
            if name is None:
                raise
            return
        yield from reply["versions"]
        after = reply["after"]


def read_version(workspace: Workspace, name: str, number: int) -> Content | None:
    """The version of this number; None if there is none."""
    path = version_path({"model": name, "version": number})
    try:
        found: Content = workspace._connection.get(path)
    except NotFound:
        return None
    return found


def register_version(
    workspace: Workspace, name: str, source: str, **details: Any
) -> Content:
    """Register `source` as the next version; the model is created if needed."""
    # By its id the server recognizes the request when it is sent again.
    body = {"source": source, "id": uuid.uuid4().hex, **details}
    path = f"{model_path(name)}/versions"
    created: Content = workspace._connection.change("POST", path, body)
    return created


def list_version_files(
    workspace: Workspace, content: Mapping[str, Any]
) -> dict[str, str]:
    """What to request for each file, by the file's path in a download.

    Files of a folder are below its name, as v1 has them.
    """
    base = f"{version_path(content)}/files"
    reply = workspace._connection.get(base)
    paths = [one["path"] for one in reply["files"]]
    folder = reply["folder"]
    if not folder and len({path.split("/")[0] for path in paths}) > 1:
        # All files of a logged model: they have no folder that could name them.
        folder = "model"
    start = f"{folder}/" if folder else ""
    return {f"{start}{path}": f"{base}/{quote(path)}" for path in paths}


def matches(content: Mapping[str, Any], tags: Any, properties: Any) -> bool:
    return _has(content["tags"], tags) and _has(content["properties"], properties)


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
