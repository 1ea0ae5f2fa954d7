"""Starting an interactive run: its id, its streams, its outputs, its snapshot."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.names import check_description, check_display_name, check_run_id
from studio.sdk.link import AWAY
from studio.sdk.responses import Unreachable
from studio.sdk.telling import warn
from studio.sdk.texts import as_properties, as_tags, check_texts

if TYPE_CHECKING:
    from studio.sdk.core import RunCore
    from studio.sdk.experiment import Experiment
    from studio.sdk.run import Run

OUTPUTS = "outputs"


def start_logging(
    experiment: Experiment,
    name: str | None = None,
    run_id: str | None = None,
    outputs: str | bool | None = None,
    *,
    snapshot_directory: str | None = ".",
    display_name: str | None = None,
    description: str | None = None,
    tags: Mapping[str, Any] | None = None,
    properties: Mapping[str, Any] | None = None,
    parent: RunCore | None = None,
    **_ignored: Any,
) -> Run:
    """A run that has just begun, by this process, which says that it is alive."""
    from studio.sdk.run import Run
    from studio.sdk.sources import script_name

    body = {
        **_described(display_name or name, parent),
        "experiment": experiment.name,
        "id": check_run_id(run_id or str(uuid.uuid4())),
        "description": check_description(description or ""),
        "tags": as_tags(tags or {}),
        "properties": as_properties(properties or {}),
    }
    # At once: without a server it would be refused long after, and the run with it.
    check_texts(body["tags"], "tags")
    check_texts(body["properties"], "properties")
    info = _create(experiment, body, Unreachable if parent is None else AWAY)
    known = info or {**body, "experiment": experiment.name}
    run = Run(experiment, str(body["id"]), _info=known, _tags=as_tags(tags or {}))
    run._is_own = True
    run._properties = body["properties"] if info is None else None
    if info is None:
        run._out().record_request("POST", "runs", body, essential=True)
    else:
        run._out()
    run._outputs = _outputs_folder(outputs)
    if parent is not None:
        run._parent = parent  # type: ignore[assignment]
    elif script_name():
        run._stream_output()
    if snapshot_directory is not None:
        _keep_sources(run, snapshot_directory)
    return run


def _described(name: str | None, parent: RunCore | None) -> dict[str, Any]:
    """What a run of this process, at this moment, is like."""
    from studio.sdk.sources import script_name

    found: dict[str, Any] = {
        "status": "Running",
        "started": int(time.time() * 1000),
        "target": "local",
        "script": script_name(),
        "heartbeats": True,
    }
    if name:
        found["name"] = check_display_name(name)
    if parent is not None:
        found["parent"] = parent.id
    return found


def _create(
    experiment: Experiment, body: dict[str, Any], away: Any
) -> dict[str, Any] | None:
    """What the server made of it; None where it waits in the spool."""
    link = experiment._link
    if not link.deferred:
        try:
            return dict(link.try_now("POST", "runs", body))
        except away as error:
            link.defer(error)
    return None


def _keep_sources(run: Run, directory: str) -> None:
    if Path(directory).exists():
        run._snapshot_in_passing(directory)
    else:
        warn(
            f"No snapshot is kept: there is no folder {str(directory)!r}; give the one "
            "of your sources, or snapshot_directory=None."
        )


def _outputs_folder(outputs: str | os.PathLike[str] | bool | None) -> str | None:
    if outputs is False:
        return None
    folder = OUTPUTS if outputs is None or outputs is True else os.fspath(outputs)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        warn(
            f"The outputs folder {folder!r} cannot be made ({error.strerror}): nothing "
            "in it is kept. Start the script where it may write, or pass outputs=False."
        )
        return None
    return folder
