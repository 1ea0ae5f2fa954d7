"""Compute targets as YAML files: `create --file`, `apply` and `export`.

A file has what a member decides on. The server checks the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from studio.cli.command_group import suggest
from studio.cli.compute.target_paths import target_path, unknown_target
from studio.cli.compute.target_records import target_record
from studio.cli.output import Output, output_options
from studio.cli.target import Target, workspace_options
from studio.core.errors import InvalidValue, NotFound

#: The keys of a file, and what the API calls them.
API_NAMES = {
    "name": "name",
    "kind": "kind",
    "description": "description",
    "settings": "settings",
    "max_per_member": "max_per_member",
    "requeue_after_seconds": "lease_seconds",
    "is_paused": "paused",
}
#: Only these can be changed later.
_FIXED = ("name", "kind")

file_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


def read_target_file(path: Path) -> dict[str, Any]:
    """What the file says, with the names of the API. Raises InvalidValue."""
    # Few commands read it.
    from studio.sdk.submission import read_yaml

    content = read_yaml(path)
    for key in content:
        if key not in API_NAMES:
            raise InvalidValue(
                f"{path}: a compute target has no {key!r}. "
                f"{suggest(str(key), list(API_NAMES))}".rstrip(),
                field=str(key)[:100],
            )
    if not isinstance(content.get("settings") or {}, dict):
        raise InvalidValue(
            f"{path}: settings must be names with values, such as partition: gpu.",
            field="settings",
        )
    if "settings" in content:
        content["settings"] = content["settings"] or {}
    return {API_NAMES[key]: value for key, value in content.items()}


def create_from_file(target: Target, body: Mapping[str, Any]) -> dict[str, Any]:
    """Create the target that a file describes."""
    created = {name: value for name, value in body.items() if name != "paused"}
    found: dict[str, Any] = target.client.post("compute", created)
    if body.get("paused"):
        found = target.client.patch(target_path(str(body["name"])), {"paused": True})
    return found


def find_target(target: Target, name: str) -> dict[str, Any] | None:
    """The target of this name as the API has it; None without one."""
    found: list[dict[str, Any]] = target.client.get("compute")["targets"]
    return next((one for one in found if one["name"] == name), None)


@click.command("export", epilog="Example: studio target export a100 > a100.yml")
@output_options
@workspace_options
@click.argument("name")
def export(target: Target, output: Output, name: str) -> None:
    """Print a compute target as the file that `apply` and `create --file` read.

    Without --output or --query, as YAML.
    """
    found = find_target(target, name)
    if found is None:
        raise unknown_target(target, name, NotFound(""))
    record = {key: found[api_name] for key, api_name in API_NAMES.items()}
    if not (output.format or output.query):
        output.format = "yaml"
    output.emit(record)


@click.command("apply", epilog="Example: studio target apply a100.yml")
@output_options
@workspace_options
@file_argument
def apply(target: Target, output: Output, file: Path) -> None:
    """Create the compute target that a YAML file describes, or change it to that.

    What the file does not name stays as it is. `settings` are replaced as a whole.
    """
    body = read_target_file(file)
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidValue(f"{file} has no name of a compute target.", field="name")
    found = find_target(target, name)
    if found is None:
        created = create_from_file(target, body)
        output.emit(target_record(created), summary=f"Compute target {name!r} created.")
        return
    if body.get("kind", found["kind"]) != found["kind"]:
        raise InvalidValue(
            f"{name!r} is of the kind {found['kind']}. The kind of a compute target "
            "can't be changed: remove it first, or choose another name.",
            field="kind",
        )
    changes = {
        key: value
        for key, value in body.items()
        if key not in _FIXED and value != found[key]
    }
    if not changes:
        output.emit(
            target_record(found), summary=f"Compute target {name!r} is as in {file}."
        )
        return
    changed = target.client.patch(target_path(name), changes)
    texts = {api_name: key for key, api_name in API_NAMES.items()}
    what = ", ".join(texts[key] for key in changes)
    output.emit(
        target_record(changed), summary=f"Compute target {name!r} changed: {what}."
    )
