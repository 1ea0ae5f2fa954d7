"""The snapshot of a run: the source files that it was started from."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import threading
import time
import weakref
from pathlib import Path

from studio.core.errors import Conflict, NotFound, StudioError, TooLarge
from studio.sdk.connection import get_mode
from studio.sdk.errors import SnapshotException
from studio.sdk.responses import Unreachable
from studio.sdk.run.files import download_file
from studio.sdk.run.script_source import git_properties
from studio.sdk.run.state import RunState
from studio.sdk.run.tags import RunTagsAndParams
from studio.sdk.run_record import upload_diff
from studio.sdk.warnings import print_line

#: The property that names the snapshot.
SNAPSHOT_PROPERTY = "ContentSnapshotId"
#: How long the end of a run waits for its snapshot.
MAX_WAIT_SECONDS = 60.0
#: How long the server has to accept a snapshot in the background. Then the archive
#: goes to the spool, where the end of the run must find it.
UPLOAD_TIMEOUT_SECONDS = 30.0
#: Weak references, since a process can start very many runs.
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class RunSnapshot:
    """A run has at most one snapshot."""

    def __init__(self, state: RunState, texts: RunTagsAndParams) -> None:
        self._state, self._texts = state, texts

    def take(self, file_or_folder_path: str | os.PathLike[str]) -> str:
        """Upload the snapshot now; returns its id. Raises SnapshotException."""
        snapshot_id = self.get_id()
        if snapshot_id is not None:
            raise SnapshotException(
                f"Cannot take snapshot as the run already has one: {snapshot_id}"
            )
        sources = Path(file_or_folder_path)
        if not sources.exists():
            raise SnapshotException(f"There is no file or folder {str(sources)!r}.")
        self._state.connection.require_online("sent to", "take it")
        return self._upload_snapshot(sources)

    def get_id(self) -> str | None:
        """The snapshot's id; None without one."""
        self.wait()
        return self._texts.get_properties().get(SNAPSHOT_PROPERTY)

    def restore(
        self, snapshot_id: str | None, path: str | os.PathLike[str] | None
    ) -> str:
        """Download the archive into the folder `path`; returns its local path."""
        own_id, run_id = self.get_id(), self._state.id
        if own_id is None or snapshot_id not in (None, own_id):
            raise SnapshotException(
                f"Run {run_id} has no snapshot {snapshot_id or ''}".rstrip() + "."
            )
        target = Path(path or ".").absolute() / f"{own_id}.zip"
        try:
            client = self._state.connection.client
            download_file(client, self._state.path("snapshot"), target)
        except NotFound as error:
            raise SnapshotException(f"Run {run_id} has no snapshot.") from error
        return str(target)

    def take_in_background(self, directory: str) -> None:
        """Keep the sources while the script continues; print a line if that fails."""
        thread = threading.Thread(
            target=self._take_quietly,
            # The script can change its working folder while the thread reads the
            # sources.
            args=(Path(directory).absolute(),),
            name=f"snapshot of {self._state.id}",
            daemon=True,
        )
        thread.start()
        self._state.snapshot_thread = thread
        _threads.add(thread)
        _wait_at_exit()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the snapshot that is being taken in the background."""
        thread = self._state.snapshot_thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(MAX_WAIT_SECONDS if seconds is None else seconds)

    def _take_quietly(self, sources: Path) -> None:
        try:
            self._upload_or_stage(sources)
        except (StudioError, OSError) as error:
            print_line(f"No snapshot is kept: {error}")
        properties = git_properties(sources)
        if properties:
            with contextlib.suppress(StudioError):
                self._state.write("POST", "properties", {"properties": properties})
            with contextlib.suppress(StudioError, OSError):
                upload_diff(sources, self._state.open_writer().add_file)

    def _upload_or_stage(self, sources: Path) -> None:
        """Upload now, or leave it in the spool if the server cannot be reached."""
        connection = self._state.connection
        if not connection.is_buffering:
            try:
                is_online = get_mode() == "online"
                self._upload_snapshot(
                    sources, None if is_online else UPLOAD_TIMEOUT_SECONDS
                )
                return
            except Unreachable as error:
                connection.start_buffering(error)
        self._state.open_writer().add_snapshot(sources)

    def _upload_snapshot(self, sources: Path, timeout: float | None = None) -> str:
        """Raises SnapshotException if it is too large or the run has another one."""
        # Imported here, since zipfile would slow down the start of every script.
        from studio.sdk.snapshot_archive import upload_snapshot

        client = self._state.connection.client
        try:
            reply = upload_snapshot(client, self._state.id, sources, timeout)
        except (TooLarge, Conflict) as error:
            raise SnapshotException(error.message) from error
        return str(reply["id"])


@functools.cache
def _wait_at_exit() -> None:
    """Let a script that ends at once keep its whole snapshot.

    `atexit` runs later registrations first. The writer has registered before, so it
    closes after the snapshot is complete.
    """
    atexit.register(_wait_for_all)


def _wait_for_all() -> None:
    end = time.monotonic() + MAX_WAIT_SECONDS
    for thread in list(_threads):
        thread.join(max(0.0, end - time.monotonic()))
