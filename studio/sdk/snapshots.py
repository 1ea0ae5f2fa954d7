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
from studio.sdk.core import RunCore
from studio.sdk.errors import SnapshotException
from studio.sdk.files import fetch
from studio.sdk.link import mode
from studio.sdk.responses import Unreachable
from studio.sdk.sources import git_properties
from studio.sdk.telling import say
from studio.sdk.texts import Texts

PROPERTY = "ContentSnapshotId"
#: At its end a run waits for its snapshot at most so long, in seconds.
PATIENCE = 60.0
#: In passing, a server has so long to answer; then the archive waits in the spool. The
#: end of a run must find it there.
ANSWER = 30.0
#: Those that keep sources now. They are known weakly, and so are their runs: a process
#: may begin very many.
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class Snapshots(Texts, RunCore):
    """A run has one snapshot at most."""

    _snapshot_thread: threading.Thread | None = None

    def take_snapshot(self, file_or_folder_path: str | os.PathLike[str]) -> str:
        """Keep a file, or the files below a folder; returns the snapshot's id.

        Raises SnapshotException where the run has one, or it would be too large.
        """
        known = self.get_snapshot_id()
        if known is not None:
            raise SnapshotException(
                f"Cannot take snapshot as the run already has one: {known}"
            )
        place = Path(file_or_folder_path)
        if not place.exists():
            raise SnapshotException(f"There is no file or folder {str(place)!r}.")
        self._link.must_be_online("sent to", "take it")
        return self._send_snapshot(place)

    def get_snapshot_id(self) -> str | None:
        """The snapshot's id; None without one."""
        self._await_snapshot()
        return self.get_properties().get(PROPERTY)

    def restore_snapshot(
        self,
        snapshot_id: str | None = None,
        path: str | os.PathLike[str] | None = None,
    ) -> str:
        """Fetch the archive into the folder `path`, made if need be; its local path.

        Raises SnapshotException where the run has none, and UserErrorException where
        the folder cannot be written to.
        """
        own = self.get_snapshot_id()
        if own is None or snapshot_id not in (None, own):
            raise SnapshotException(
                f"Run {self._id} has no snapshot {snapshot_id or ''}".rstrip() + "."
            )
        target = Path(path or ".").absolute() / f"{own}.zip"
        try:
            fetch(self._link.client, self._place("snapshot"), target)
        except NotFound as error:
            raise SnapshotException(f"Run {self._id} has no snapshot.") from error
        return str(target)

    def _snapshot_in_passing(self, directory: str) -> None:
        """Keep the sources while the script goes on; warn where they cannot be."""
        place = Path(directory).absolute()
        thread = threading.Thread(
            target=self._snapshot_quietly,
            args=(place,),
            name=f"snapshot of {self._id}",
            daemon=True,
        )
        thread.start()
        self._snapshot_thread = thread
        _threads.add(thread)
        _await_at_exit()

    def _snapshot_quietly(self, place: Path) -> None:
        try:
            self._keep_snapshot(place)
        except (StudioError, OSError) as error:
            say(f"No snapshot is kept: {error}")
        found = git_properties(place)
        if found:
            with contextlib.suppress(StudioError):
                self._write("POST", "properties", {"properties": found})

    def _keep_snapshot(self, place: Path) -> None:
        """At once, or in the spool where the server cannot be reached now."""
        if not self._link.deferred:
            try:
                self._send_snapshot(place, None if mode() == "online" else ANSWER)
                return
            except Unreachable as error:
                self._link.defer(error)
        self._out().add_snapshot(place)

    def _send_snapshot(self, place: Path, timeout: float | None = None) -> str:
        """Raises SnapshotException where it is too large or the run has another."""
        from studio.sdk.snapshot_archive import upload_snapshot

        try:
            told = upload_snapshot(self._link.client, self._id, place, timeout)
        except (TooLarge, Conflict) as error:
            raise SnapshotException(error.message) from error
        return str(told["id"])

    def _await_snapshot(self) -> None:
        thread = self._snapshot_thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(PATIENCE)


@functools.cache
def _await_at_exit() -> None:
    """A script that ends at once: what is packed so far must not be all.

    By now there is a writer, which therefore closes only afterwards.
    """
    atexit.register(_await_all)


def _await_all() -> None:
    end = time.monotonic() + PATIENCE
    for thread in list(_threads):
        thread.join(max(0.0, end - time.monotonic()))
