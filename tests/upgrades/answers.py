"""What the REST API answers about everything in the workspace `default`."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from tests.parts.server import Server
from tests.parts.wire import Connection

#: Times of the answer itself, and addresses that carry the server's port.
VOLATILE = {"age_ms", "duration_ms", "heard", "url", "links", "href", "portal_url"}
RUN_PARTS = ("", "/params", "/properties", "/tags", "/values", "/files", "/events")
VIEW_PARTS = ("", "/revisions")

Answers = dict[str, Any]


def read_answers(server: Server) -> Answers:
    """By address below the workspace: the JSON, or a file's SHA-256."""
    connection = Connection(server)
    found: Answers = {}

    def ask(path: str) -> Any:
        found[path] = _without(connection.rest("GET", path), VOLATILE)
        return found[path]

    ask("/experiments?deleted=all")
    for run in _all_runs(connection):
        base = f"/runs/{run['id']}"
        for part in RUN_PARTS:
            ask(base + part)
        for metric in ask(f"{base}/metrics")["metrics"]:
            ask(f"{base}/metrics/{quote(metric['key'], safe='')}")
        for file in found[f"{base}/files"]["files"]:
            path = f"{base}/files/{quote(file['path'])}"
            address = f"/api/v1/workspaces/default{path}"
            content = connection.ask("GET", address)
            found[path] = hashlib.sha256(content).hexdigest()
    for view in ask("/views")["views"]:
        for part in VIEW_PARTS:
            ask(f"/views/{view['slug']}{part}")
    return found


def _all_runs(connection: Connection) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    for deleted in ("", "&q=deleted+%3D+true"):
        after = None
        while after != "":
            cursor = f"&after={quote(after)}" if after else ""
            address = f"/runs?children=1&archived=1&rows=100{deleted}{cursor}"
            page = connection.rest("GET", address)
            runs += [found["run"] for found in page["runs"]]
            after = page["after"] or ""
    return runs


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if name not in names}
        return {name: _without(each, names) for name, each in kept.items()}
    if isinstance(value, list):
        return [_without(each, names) for each in value]
    return value


def missing(before: Any, after: Any, path: str = "") -> list[str]:
    """Where `after` lacks what `before` has; additional names are fine."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = [f"{path}/{name} is gone" for name in before.keys() - after.keys()]
        for name in before.keys() & after.keys():
            found += missing(before[name], after[name], f"{path}/{name}")
        return found
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return [f"{path} had {len(before)} entries, and has {len(after)}"]
        pairs = enumerate(zip(before, after, strict=True))
        return [
            line
            for index, (old, new) in pairs
            for line in missing(old, new, f"{path}/{index}")
        ]
    if before == after:
        return []
    return [f"{path} was {json.dumps(before)[:200]}, and is {json.dumps(after)[:200]}"]
