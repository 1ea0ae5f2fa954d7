"""Submit a script: its run, its snapshot, and its start here or in a queue."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core import cancel_signals
from studio.core.errors import NotFound, PermissionDenied, StudioError, TooLarge
from studio.core.job_files import ARCHIVE_FILE, JobFile
from studio.core.launcher_properties import COMMAND_PROPERTY
from studio.core.names import check_display_name
from studio.core.run_definition import command_line
from studio.sdk.compute import LOCAL_TARGET, check_target
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.errors import ExperimentExecutionException, SnapshotException
from studio.sdk.local_jobs import (
    cache_folder,
    create_job_folder,
    start_runner,
)
from studio.sdk.run import SCRIPT_RUN, create_run, git_properties
from studio.sdk.snapshot_archive import SourceFile, list_sources
from studio.sdk.snapshot_tree import compressed, hash_sources
from studio.sdk.submission.definitions import definition_of
from studio.sdk.tags_and_properties import as_tags, check_texts

MAX_COMMAND_CHARS = 8000
#: An id is the experiment's name, the time, and something random.
MAX_NAME_IN_ID = 200


def submit_run(
    experiment: Any,
    config: Any,
    tags: Mapping[str, Any] | None = None,
    *,
    parent: str = "",
    display_name: str = "",
) -> Any:
    """Submit a ScriptRunConfig and return its run at once.

    On `local` it starts on this machine, on other targets an agent takes it. Raises
    StudioError, and ExperimentExecutionException if there is no such script.
    """
    definition, folder = definition_of(config)
    connection: WorkspaceConnection = experiment._connection
    connection.require_online("submitted to", "submit again")
    target = definition.setdefault("target", LOCAL_TARGET)
    check_target(experiment.workspace, target)
    sources = _list_sources(folder, definition)
    body = {
        "id": _new_run_id(experiment.name),
        "experiment": experiment.name,
        "type": SCRIPT_RUN,
        "target": target,
        "script": definition.get("script", ""),
        "definition": definition,
        "tags": as_tags(tags or {}),
        "properties": {
            COMMAND_PROPERTY: command_line(definition)[:MAX_COMMAND_CHARS],
            **git_properties(folder),
        },
    }
    check_texts(body["tags"], "tags")
    if display_name:
        body["name"] = check_display_name(display_name)
    if parent:
        body["parent"] = parent
    if target == LOCAL_TARGET:
        info = _submit_here(connection, body, sources)
    else:
        info = _submit_to_queue(connection, body, sources)
    return create_run(experiment, info)


def _list_sources(folder: Path, definition: Mapping[str, Any]) -> list[SourceFile]:
    try:
        sources = list_sources(folder)
    except TooLarge as error:
        raise SnapshotException(error.message) from error
    script = definition.get("script")
    if script and script not in {source.path for source in sources}:
        raise ExperimentExecutionException(
            f"{script} is not part of the snapshot of {folder}: it is a link, a "
            "secret, or left out by .amlignore or .gitignore. Copy it to a regular "
            "file."
        )
    return sources


def _new_run_id(experiment: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", experiment)[:MAX_NAME_IN_ID].lstrip("_-")
    return f"{name or 'run'}_{int(time.time())}_{secrets.token_hex(4)}"


def _submit_here(
    connection: WorkspaceConnection, body: dict[str, Any], sources: list[SourceFile]
) -> dict[str, Any]:
    started = {"status": "Starting", "launcher": "runner", "heartbeats": True}
    info = connection.change("POST", "runs", {**body, **started})
    path = f"runs/{info['id']}"
    folder = None
    try:
        folder = create_job_folder(info["id"])
        copy = folder / ARCHIVE_FILE
        _keep_snapshot(connection, path, hash_sources(sources, copy), copy)
        start_runner(folder, _job_for(connection, info, body["definition"]))
    except BaseException as error:
        _fail(connection, path, error)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return dict(info)


def _submit_to_queue(
    connection: WorkspaceConnection, body: dict[str, Any], sources: list[SourceFile]
) -> dict[str, Any]:
    info = connection.change("POST", "runs", {**body, "status": "NotStarted"})
    path = f"runs/{info['id']}"
    try:
        with tempfile.TemporaryDirectory(prefix="run-studio-") as folder:
            copy = Path(folder) / ARCHIVE_FILE
            _keep_snapshot(connection, path, hash_sources(sources, copy), copy)
        queued: dict[str, Any] = {"target": body["target"]}
        if body["definition"].get("maxAttempts"):
            queued["max_attempts"] = body["definition"]["maxAttempts"]
        connection.change("POST", f"{path}/queue", queued)
    except BaseException as error:
        _fail(connection, path, error)
        raise
    return dict(connection.get(path))


def _keep_snapshot(
    connection: WorkspaceConnection, path: str, tree: str, copy: Path
) -> None:
    """Link the snapshot of that content, or upload it if the server has none."""
    try:
        connection.change("POST", f"{path}/snapshot/known", {"tree": tree})
    except NotFound:
        with compressed(copy) as archive:
            size = archive.tell()
            archive.seek(0)
            connection.client.upload(f"{path}/snapshot", archive, size)


def _job_for(
    connection: WorkspaceConnection, info: Mapping[str, Any], definition: dict[str, Any]
) -> JobFile:
    client = connection.client
    return JobFile(
        client.url,
        client.workspace,
        info["id"],
        info["experiment"],
        definition,
        _token_for(connection, info["id"]),
        terminate_after=definition.get(
            "terminateAfterSeconds", cancel_signals.TERMINATE_AFTER_SECONDS
        ),
        kill_after=definition.get(
            "killAfterSeconds", cancel_signals.KILL_AFTER_SECONDS
        ),
        cache_folder=str(cache_folder()),
    )


def _token_for(connection: WorkspaceConnection, run_id: str) -> str:
    """A token of the run's own; in a submitted script, its token has all its tree."""
    try:
        return str(connection.change("POST", f"runs/{run_id}/token")["token"])
    except PermissionDenied:
        return connection.client.token


def _fail(connection: WorkspaceConnection, path: str, error: BaseException) -> None:
    """No run stays behind that nothing starts."""
    text = error.message if isinstance(error, StudioError) else str(error)
    message = f"The submission failed: {text or type(error).__name__}"
    body = {"status": "Failed", "message": message, "launcher": True}
    with contextlib.suppress(StudioError):
        connection.change("POST", f"{path}/status", body)
