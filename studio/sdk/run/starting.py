"""Start an interactive run: its id, streams, outputs and snapshot."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.names import check_description, check_display_name, check_run_id
from studio.sdk.connection import OFFLINE_ERRORS
from studio.sdk.responses import Unreachable
from studio.sdk.run.run_types import create_run
from studio.sdk.run.script_environment import publish_run
from studio.sdk.run.script_source import script_name
from studio.sdk.run_record import (
    RECORD_PATH,
    RunRecord,
    record_of_process,
    upload_record,
)
from studio.sdk.tags_and_properties import as_properties, as_tags, check_texts
from studio.sdk.warnings import warn

DEFAULT_OUTPUTS = "outputs"


def start_run(
    experiment: Any,
    name: str | None = None,
    run_id: str | None = None,
    outputs: str | bool | None = None,
    *,
    snapshot_directory: str | None = ".",
    display_name: str | None = None,
    description: str | None = None,
    tags: Mapping[str, Any] | None = None,
    properties: Mapping[str, Any] | None = None,
    parent: Any = None,
    _definition: Mapping[str, Any] | None = None,
    system_metrics: bool = True,
    **_ignored: Any,
) -> Any:
    """Start a run that this process logs and sends heartbeats for."""
    # A child run depends on what its parent does.
    record = record_of_process() if parent is None else None
    body = {
        **_describe_run(display_name or name, parent, _definition),
        "experiment": experiment.name,
        "id": check_run_id(run_id or str(uuid.uuid4())),
        "description": check_description(description or ""),
        "tags": as_tags(tags or {}),
        "properties": {**_facts_of(record), **as_properties(properties or {})},
    }
    # Checked now: the refusal of a buffered request would come much later, and would
    # lose the whole run.
    check_texts(body["tags"], "tags")
    check_texts(body["properties"], "properties")
    info = _create_now(experiment, body)
    run = create_run(experiment, info or body, as_tags(tags or {}))
    state = run._state
    state.properties = body["properties"] if info is None else None
    run._lifecycle.belong_to_process()
    writer = state.open_writer()
    if info is None:
        writer.record_request("POST", "runs", body, essential=True)
    state.outputs = _create_outputs_folder(outputs)
    if record is None:
        run._children.set_parent(parent)
    else:
        publish_run(run)
        _observe(run, record, system_metrics=system_metrics)
    if snapshot_directory is not None:
        _take_snapshot(run, snapshot_directory)
    return run


def _describe_run(
    name: str | None, parent: Any, definition: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The fields of a run that this process starts now."""
    fields: dict[str, Any] = {
        "status": "Running",
        "started": int(time.time() * 1000),
        "target": "local",
        "script": script_name(),
        "heartbeats": True,
    }
    if name:
        fields["name"] = check_display_name(name)
    if parent is not None:
        fields["parent"] = parent.id
    if definition is not None:
        fields["definition"] = dict(definition)
    return fields


def _create_now(experiment: Any, body: dict[str, Any]) -> dict[str, Any] | None:
    """The run as the server created it; None if its creation must be buffered."""
    # A rejected token stops a new script at once, but never a training that starts a
    # child.
    buffered_errors = OFFLINE_ERRORS if "parent" in body else (Unreachable,)
    connection = experiment._connection
    if not connection.is_buffering:
        try:
            return dict(connection.try_now("POST", "runs", body))
        except buffered_errors as error:
            connection.start_buffering(error)
    return None


def _facts_of(record: RunRecord | None) -> dict[str, str]:
    return {} if record is None else record.properties()


def _observe(run: Any, record: RunRecord, *, system_metrics: bool) -> None:
    """Keep what the run depends on, what this machine does, and what is printed."""
    try:
        upload_record(record, run._state.open_writer().add_file)
    except OSError as error:
        warn(f"{RECORD_PATH} is not kept: {error}")
    if system_metrics:
        run._lifecycle.start_system_metrics()
    # Children share the parent's output. In a notebook, all cells would write to this
    # log.
    if script_name():
        run._lifecycle.start_capture()


def _take_snapshot(run: Any, directory: str) -> None:
    if Path(directory).exists():
        run._snapshot.take_in_background(directory)
    else:
        warn(
            f"No snapshot is kept: there is no folder {str(directory)!r}; give the one "
            "of your sources, or snapshot_directory=None."
        )


def _create_outputs_folder(
    outputs: str | os.PathLike[str] | bool | None,
) -> str | None:
    if outputs is False:
        return None
    is_default = outputs is None or outputs is True
    folder = DEFAULT_OUTPUTS if is_default else os.fspath(outputs)  # type: ignore[arg-type]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        warn(
            f"The outputs folder {folder!r} cannot be made ({error.strerror}): nothing "
            "in it is kept. Start the script where it may write, or pass outputs=False."
        )
        return None
    return folder
