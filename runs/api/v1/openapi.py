"""The OpenAPI 3.1 document, generated from the route table and the Structs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from runs.access import Permission
from runs.api.v1.endpoints import Operation, View
from runs.api.v1.routes import ROUTES
from runs.api.v1.schemas import ErrorReply
from studio import __version__

_PATH_PARAMETER = re.compile(r"<(?P<kind>str|int|path):(?P<name>\w+)>")
_PARAMETER_SCHEMAS: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "path": {"type": "string"},
    "int": {"type": "integer", "minimum": 0},
}
_PARAMETER_TEXTS = {
    "workspace": "The workspace's name.",
    "number": "The experiment's id, or the revision's number.",
    "slug": "The view's permanent short name.",
    "run_id": "The run's id.",
    "key": "The metric's name; its slashes are part of the path.",
    "writer": "The id of a process that logs to the run, in the form of run ids.",
    "target": "The compute target's name.",
    "agent": "The agent's id.",
    "name": "The name of the secret, environment or registered model.",
    "version": "The number of the environment's or model's version.",
    "alias": "The alias, such as `champion`.",
    "upload": "The upload's id.",
    "offset": "Where the piece begins in the file, in bytes.",
    "path": "The file's path in the run or version; its slashes are part of the path.",
}
_SCHEMA_REFERENCE = "#/components/schemas/{name}"
_ERROR_RESPONSE = {
    "description": "An error; `code` is its type, `field` the value it is about.",
    "content": {
        "application/json": {
            "schema": {"$ref": _SCHEMA_REFERENCE.format(name="ErrorReply")}
        }
    },
}


def list_operations() -> Iterator[tuple[str, str, Operation]]:
    """Yield every operation with its subject and path."""
    for subject, paths in ROUTES.items():
        for path, views in paths.items():
            for view in views:
                yield subject, path, operation_of(view)


def operation_of(view: View) -> Operation:
    operation: Operation = view.operation  # type: ignore[attr-defined]
    return operation


def readable_path(path: str) -> str:
    """`runs/<str:run_id>` -> `runs/{run_id}`"""
    return _PATH_PARAMETER.sub(lambda word: "{" + word["name"] + "}", path)


def openapi_document(server: str) -> dict[str, Any]:
    """Return the document; `server` is the base URL of its paths."""
    schemas = _component_schemas()
    paths: dict[str, dict[str, Any]] = {}
    for subject, path, operation in list_operations():
        described = _describe_operation(subject, path, operation, schemas)
        paths.setdefault(f"/{readable_path(path)}", {})[operation.method.lower()] = (
            described
        )
    # Query schemas are described as parameters of their operations.
    kept = {
        name: schema for name, schema in schemas.items() if not _is_query_schema(name)
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Run Studio",
            "version": __version__,
            "description": "Experiments, runs and everything that they log.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [{"token": []}, {"password": []}],
        "tags": [{"name": subject} for subject in ROUTES],
        "paths": paths,
        "components": {
            "schemas": kept,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Any user name, and the token as password.",
                },
            },
        },
    }


def _component_schemas() -> dict[str, Any]:
    shapes: list[Any] = [ErrorReply]
    for _, _, operation in list_operations():
        shapes += filter(None, (operation.body, operation.query, operation.reply))
    _, schemas = msgspec.json.schema_components(
        list(dict.fromkeys(shapes)), ref_template=_SCHEMA_REFERENCE
    )
    return dict(schemas)


def _is_query_schema(name: str) -> bool:
    queries = {op.query.__name__ for _, _, op in list_operations() if op.query}
    return name in queries


def _describe_operation(
    subject: str, path: str, operation: Operation, schemas: dict[str, Any]
) -> dict[str, Any]:
    summary, _, more = operation.text.partition("\n\n")
    need = operation.need
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [subject],
        "summary": summary.replace("\n", " "),
        "description": f"{more}\n\nNeeds: {permission_text(need)}.".strip(),
        "parameters": [*_path_parameters(path), *_query_parameters(operation, schemas)],
        "responses": {**_success_responses(operation), "default": _ERROR_RESPONSE},
    }
    body = _request_body(operation)
    if body:
        described["requestBody"] = body
    return described


def permission_text(need: Any) -> str:
    """Return the permission as text."""
    if isinstance(need, str):
        return need
    if need is Permission.SERVE:
        return "the token of an agent"
    return f"the permission to {need.value[1]} (role {need.role.label})"


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": word["name"],
            "in": "path",
            "required": True,
            "description": _PARAMETER_TEXTS[word["name"]],
            "schema": _PARAMETER_SCHEMAS[word["kind"]],
        }
        for word in _PATH_PARAMETER.finditer(path)
    ]


def _query_parameters(
    operation: Operation, schemas: dict[str, Any]
) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = schemas[operation.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": described}
        for name, described in schema["properties"].items()
    ]


def _request_body(operation: Operation) -> dict[str, Any] | None:
    if operation.body is not None:
        content = {"application/json": {"schema": _schema_reference(operation.body)}}
        required = bool(
            msgspec.json.schema(operation.body)["$defs"][operation.body.__name__].get(
                "required"
            )
        )
        return {"required": required, "content": content}
    if operation.streams_body or operation.takes_bytes:
        binary: dict[str, Any] = {"application/octet-stream": {"schema": {}}}
        return {"required": True, "content": binary}
    return None


def _success_responses(operation: Operation) -> dict[str, Any]:
    if operation.reply is None:
        content: dict[str, Any] = {"application/octet-stream": {"schema": {}}}
    else:
        content = {"application/json": {"schema": _schema_reference(operation.reply)}}
    answer = {"description": "Done.", "content": content}
    found = {str(operation.status): answer}
    if operation.status == 201:
        found["200"] = {"description": "It already exists.", "content": content}
    return found


def _schema_reference(shape: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _SCHEMA_REFERENCE.format(name=shape.__name__)}
