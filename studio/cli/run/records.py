"""Runs as the v1 command line prints them: snake_case, without what is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from studio.cli.output import Column
from studio.cli.target import Target, run_path
from studio.cli.times import format_time

DAY = 24 * 3600
#: What `--minimal` prints.
MINIMAL = {
    "RunId": "run_id",
    "RunType": "run_type",
    "Status": "status",
    "StartTime": "start_time_utc",
    "EndTime": "end_time_utc",
    "Target": "target",
    "Tags": "tags",
}


def read_record(target: Target, run_id: str) -> dict[str, Any]:
    """The run as it is now, with tags and properties. Raises NotFound."""
    info = target.find_run(run_id)
    tags = target.client.get(run_path(run_id, "tags"))["tags"]
    properties = target.client.get(run_path(run_id, "properties"))["properties"]
    return run_record(info, tags, properties)


def run_record(
    info: Mapping[str, Any],
    tags: Mapping[str, str | None],
    properties: Mapping[str, str],
) -> dict[str, Any]:
    """A run of the API as a record. Tags and properties are there, also empty."""
    error = {"error": {"code": "UserError", "message": info["error"]}}
    record = {
        "run_id": info["id"],
        "run_number": info["number"],
        "root_run_id": info["root"],
        "parent_run_id": info["parent"],
        "experiment_id": str(info["experiment_id"]),
        "experiment_name": info["experiment"],
        "display_name": info["name"],
        "description": info["description"] or None,
        "status": info["status"],
        "created_utc": format_time(info["created"]),
        "start_time_utc": format_time(info["started"]),
        "end_time_utc": format_time(info["ended"]),
        "last_modified_utc": format_time(info["updated"]),
        "data_container_id": f"dcid.{info['id']}",
        "hidden": info["archived"] is not None,
        "heartbeat_enabled": info.get("heartbeats"),
        "run_type": info["type"] or None,
        "script_name": info["script"] or None,
        "target": info["target"] or "local",
        "created_by": {"user_name": info["submitter"]} if info["submitter"] else None,
        "error": error if info["error"] else None,
    }
    known = {name: value for name, value in record.items() if value is not None}
    return {**known, "tags": dict(tags), "properties": dict(properties)}


def minimal_record(record: Mapping[str, Any]) -> dict[str, Any]:
    return {title: record.get(name) for title, name in MINIMAL.items()}


def _age(record: Mapping[str, Any]) -> str:
    """How long ago the run started (or arrived), in a few characters."""
    text = record.get("start_time_utc") or record["created_utc"]
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = (datetime.now(timezone.utc) - moment).total_seconds()
    if seconds >= 30 * DAY:
        return moment.astimezone().strftime("%Y-%m-%d")
    for name, size in (("d", DAY), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {name} ago"
    return "just now"


def _tags(record: Mapping[str, Any]) -> str:
    return ", ".join(
        key if value is None else f"{key}={value}"
        for key, value in record["tags"].items()
        if not key.startswith("mlflow.")
    )


#: A list on a terminal. The id first: other commands take it.
LIST_COLUMNS: tuple[Column, ...] = (
    ("Run", lambda record: record["run_id"]),
    ("Status", lambda record: record["status"]),
    ("Name", lambda record: record["display_name"]),
    ("Experiment", lambda record: record["experiment_name"]),
    ("Started", _age),
    ("Tags", _tags),
)


def value_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """The run, its status, and a column for each requested field."""

    def column(name: str) -> Column:
        def text(record: Mapping[str, Any]) -> str:
            value = record["values"].get(name)
            return "" if value is None else str(value)

        return name, text

    return (*LIST_COLUMNS[:2], *map(column, names))
