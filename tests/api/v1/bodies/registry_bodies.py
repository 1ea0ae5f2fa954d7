"""Bodies for the endpoints of the registry: right ones, and what is wrong."""

from __future__ import annotations

from typing import Any

from tests.api.rest import Rest

MODEL = "models/net"
VERSION = f"{MODEL}/versions/1"
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create_model": ("POST", "models", {"name": "new"}),
    "change_model": ("PATCH", MODEL, {"name": "new"}),
    "edit_model_tags": ("POST", f"{MODEL}/tags", {"set": {"k": "v"}}),
    "move_model_alias": ("PUT", f"{MODEL}/aliases/champion", {"version": 1}),
    "register_version": ("POST", f"{MODEL}/versions", {"source": "runs:/r1/m"}),
    "change_version": ("PATCH", VERSION, {"description": "new"}),
    "edit_version_tags": ("POST", f"{VERSION}/tags", {"set": {"k": "v"}}),
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("create_model", {"name": "a/b"}, "name"),
    ("create_model", {"name": "a\x00"}, "name"),
    ("create_model", {"tags": {"k": 1}}, "tags[...]"),
    ("create_model", {"description": "x" * 70_000}, "description"),
    ("change_model", {"name": "..x"}, "new_name"),
    ("edit_model_tags", {"set": {"": "v"}}, "tags"),
    ("edit_model_tags", {"remove": ["\x00"]}, "key"),
    ("move_model_alias", {"version": "1"}, "version"),
    ("move_model_alias", {"expected": -1}, "expected"),
    ("move_model_alias", {"note": "\x00"}, "note"),
    ("register_version", {"source": "file:///etc/passwd"}, "source"),
    ("register_version", {"source": "runs:/none/m"}, "source"),
    ("register_version", {"run": "none"}, "run_id"),
    ("register_version", {"id": "x" * 65}, "request_id"),
    ("register_version", {"properties": {"k": 1}}, "properties[...]"),
    ("register_version", {"framework": "x" * 101}, "framework"),
    ("change_version", {"stage": "Live"}, "stage"),
    ("change_version", {"archive_existing": 1}, "archive_existing"),
    ("change_version", {"properties": {"": "v"}}, "properties"),
    ("edit_version_tags", {"set": {"k": "\x00"}}, "tags.k"),
]


def prepare(rest: Rest) -> None:
    """A model with one version, of files of the run `r1`."""
    body = {"source": "runs:/r1/model"}
    rest.ok("POST", f"{MODEL}/versions", body, 201)
