"""The run of a command: this process creates it, logs to it and alone ends it."""

from __future__ import annotations

import contextlib
import os
import shlex
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.core.cancel_signals import CancelSignal
from studio.core.errors import InvalidValue, NotFound, StudioError, TooLarge
from studio.core.launcher_properties import COMMAND_PROPERTY
from studio.core.names import MAX_ERROR
from studio.runner.programs import as_text, script_of
from studio.sdk.client import Client
from studio.sdk.connection import WorkspaceConnection, get_mode
from studio.sdk.delivery import Writer, print_notice
from studio.sdk.responses import Unreachable
from studio.sdk.run import git_properties

#: The file that a run's page opens first.
LOG_PATH = "user_logs/std_log.txt"
RUN_TYPE = "azureml.scriptrun"
MAX_COMMAND_CHARS = 8000
#: How long the end of a run waits for its snapshot.
SNAPSHOT_SECONDS = 60.0


class TrackedRun:
    """A run whose status only this process reports."""

    def __init__(self, client: Client, run_id: str, writer: Writer) -> None:
        self.client, self.id, self._writer = client, run_id, writer
        # Two threads log: one for each stream.
        self._lock = threading.Lock()
        self._is_logging = True
        self._snapshot: threading.Thread | None = None

    @property
    def page_url(self) -> str:
        workspace = quote(self.client.workspace)
        return f"{self.client.url}/w/{workspace}/runs/{self.id}/"

    @property
    def is_cancel_requested(self) -> bool:
        return self._writer.cancel_requested

    @property
    def is_force_requested(self) -> bool:
        return self._writer.sender.force_requested

    def append_output(self, chunk: bytes) -> None:
        """Keep output in the run's log. Never raises: the command goes on."""
        self.append_log(LOG_PATH, chunk)

    def append_log(self, path: str, chunk: bytes) -> None:
        """Append to a log. Never raises."""
        with self._lock:
            if not self._is_logging:
                return
            try:
                self._writer.append_log(path, chunk)
            except (StudioError, OSError):
                self._is_logging = False

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Describe how the command runs. Raises OSError, StudioError."""
        path = f"runs/{self.id}/properties"
        self._writer.record_request("POST", path, {"properties": dict(properties)})

    def add_file(self, local: Path, path: str) -> None:
        """Upload a file. Raises OSError, StudioError."""
        self._writer.add_file(local, path)

    def add_point(self, name: str, value: float) -> None:
        """Append to a metric. Raises InvalidState once the run has ended."""
        self._writer.add_point(name, value)

    def take_snapshot(self, sources: Path) -> None:
        """Keep the sources while the command runs; print a line if that fails."""
        self._snapshot = threading.Thread(
            target=self._take_snapshot, args=(sources,), daemon=True
        )
        self._snapshot.start()

    def _take_snapshot(self, sources: Path) -> None:
        try:
            self._writer.add_snapshot(sources)
        except TooLarge as error:
            print_notice(f"No snapshot is kept: {error.message}")
        # ValueError: a name that is not UTF-8.
        except (StudioError, OSError, ValueError) as error:
            print_notice(f"No snapshot is kept: {error}")

    def report_signal(self, name: CancelSignal) -> None:
        """Tell the server that the command got this signal."""
        body = {"signal": name.value, "time": int(time.time() * 1000)}
        path = f"runs/{self.id}/cancel/signals"
        with contextlib.suppress(StudioError, OSError):
            self._writer.record_request("POST", path, body)

    def end(self, status: str, message: str = "") -> None:
        """Deliver everything and then the status, or leave both to a later process."""
        if self._snapshot is not None:
            self._snapshot.join(SNAPSHOT_SECONDS)
        with self._lock:
            self._is_logging = False
        text = message.replace("\x00", "")[:MAX_ERROR]
        self._writer.close(status, message=text)


def create_tracked_run(
    client: Client,
    command: Sequence[str],
    *,
    experiment: str,
    name: str,
    tags: Mapping[str, str | None],
    properties: Mapping[str, str],
    sources: Path | None = None,
) -> TrackedRun:
    """Create the run, or record that it is to be created once the server responds.

    `sources` is the folder that becomes its snapshot, in the background. Raises
    StudioError for what the server refuses.
    """
    body: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "experiment": experiment,
        "status": "Running",
        "started": int(time.time() * 1000),
        "type": RUN_TYPE,
        "target": "local",
        "script": script_of(command),
        "launcher": "runner",
        "heartbeats": True,
        "tags": dict(tags),
        "properties": {**properties, **_properties(command)},
    }
    if sources is not None:
        # With a snapshot the command can be submitted again.
        body["definition"] = _definition_of(command)
    if name:
        body["name"] = name
    run = _open_run(client, body)
    if sources is not None:
        run.take_snapshot(sources.absolute())
    return run


def _open_run(client: Client, body: dict[str, Any]) -> TrackedRun:
    connection = WorkspaceConnection(client)
    # What a run starts is its child.
    if parent := _find_parent(connection):
        body["parent"] = parent
    is_created = not connection.is_offline and _try_to_create(connection, body)
    writer = Writer.open(
        client,
        body["id"],
        heartbeats=True,
        offline=connection.is_offline,
        is_launcher=True,
    )
    if not is_created:
        writer.record_request("POST", "runs", body, essential=True)
    return TrackedRun(client, body["id"], writer)


def _definition_of(command: Sequence[str]) -> dict[str, Any]:
    return {"command": [as_text(word) for word in command], "target": "local"}


def _find_parent(connection: WorkspaceConnection) -> str:
    """The run that started this process. Empty if there is none, or it is unknown.

    The child of an unknown run would be missing in the usual list.
    """
    parent = os.environ.get("STUDIO_RUN_ID", "")
    if not parent or connection.is_offline:
        return parent
    try:
        connection.try_now("GET", f"runs/{quote(parent, safe='')}")
    except (NotFound, InvalidValue):
        print_notice(f"There is no run {parent!r} (STUDIO_RUN_ID): this is no child.")
        return ""
    except StudioError:
        # Creating the run tells what is wrong.
        return parent
    return parent


def _try_to_create(connection: WorkspaceConnection, body: dict[str, Any]) -> bool:
    try:
        connection.try_now("POST", "runs", body)
    except Unreachable as error:
        if get_mode() == "online":
            raise
        print_notice(
            f"{error.message} Until then everything is kept on this machine and sent "
            "as soon as the server takes it, at the latest by `studio sync`."
        )
        return False
    return True


def _properties(command: Sequence[str]) -> dict[str, str]:
    line = shlex.join([as_text(word) for word in command])
    return {COMMAND_PROPERTY: line[:MAX_COMMAND_CHARS], **git_properties(Path())}
