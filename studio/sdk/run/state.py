"""What all parts of a run share: its identity, its connection, its writer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.core.statuses import FINAL, RunStatus
from studio.sdk.connection import OFFLINE_ERRORS, WorkspaceConnection, open_writers

if TYPE_CHECKING:
    from studio.sdk.delivery import Receipt, StreamCapture, Writer
    from studio.sdk.process import Cancellation
    from studio.sdk.run.file_marks import FileMark
    from studio.sdk.system_metrics import SystemMetrics

_FINAL_STATUSES = frozenset(status.value for status in FINAL)


class RunState:
    """The state of one run object.

    `info`, `tags` and `properties` are what the server last reported; `local_status` is
    newer than `info` while a change waits in the spool.
    """

    def __init__(
        self,
        experiment: Any,
        run_id: str,
        *,
        info: Mapping[str, Any] | None = None,
        tags: Mapping[str, str | None] | None = None,
        outputs: str | None = None,
        is_launched: bool = False,
    ) -> None:
        self.experiment = experiment
        self.connection: WorkspaceConnection = experiment._connection
        self.id = run_id
        self.info: dict[str, Any] = dict(info or {})
        self.tags: dict[str, str | None] | None = None if tags is None else dict(tags)
        self.properties: dict[str, str] | None = None
        #: What was last read, and what this process logged since.
        self.params: dict[str, str] = {}
        self.local_status: str | None = None
        #: Whether another program (a runner) ends the run, not this script.
        self.is_launched = is_launched
        #: Whether this process started the run, and so sends heartbeats for it.
        self.is_own = False
        #: The folder whose files are uploaded at the end.
        self.outputs: str | None = outputs
        self.uploaded_outputs: set[str] = set()
        #: The files that this process uploaded, by their paths in the run.
        self.uploaded_paths: dict[str, FileMark] = {}
        self.stream_capture: StreamCapture | None = None
        self.system_metrics: SystemMetrics | None = None
        self.snapshot_thread: threading.Thread | None = None
        self.writer: Writer | None = None
        # The writer that is being closed; nothing is logged to it any more.
        self._closing_writer: Writer | None = None
        self._writer_lock = threading.RLock()
        #: How the run ends, once its end has begun; the status is None if another
        #: process reports it.
        self.planned_end: tuple[RunStatus | None, str] | None = None
        self.has_ended = False
        #: What a cancel request does, if this process began the run.
        self.cancellation: Cancellation | None = None
        #: What became of everything that was logged; None before the end.
        self.receipt: Receipt | None = None

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which logs with a writer of its own and ends nothing."""
        own = (
            "writer",
            "_closing_writer",
            "outputs",
            "stream_capture",
            "system_metrics",
        )
        state = {
            **vars(self),
            **dict.fromkeys((*own, "snapshot_thread", "cancellation")),
            "is_own": False,
            "has_ended": False,
            "planned_end": None,
        }
        # Locks cannot be pickled.
        del state["_writer_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._writer_lock = threading.RLock()

    def path(self, rest: str = "") -> str:
        """The run's path below its workspace."""
        return f"runs/{self.id}/{rest}" if rest else f"runs/{self.id}"

    def page_url(self, rest: str = "") -> str:
        """The address of the run's page, or of something below it."""
        from urllib.parse import quote

        client = self.connection.client
        return f"{client.url}/w/{quote(client.workspace)}/runs/{self.id}/{rest}"

    def read(self, path: str = "") -> Any:
        """What the server reports now.

        None if the run has not arrived there yet, or if this process logs it and the
        server cannot be reached: then the last known values remain.
        """
        if self.writer is None:
            return self.connection.get(self.path(path))
        if not self.connection.is_buffering:
            try:
                return self.connection.try_now("GET", self.path(path))
            except OFFLINE_ERRORS as error:
                self.connection.start_buffering(error)
        return None

    def write(self, method: str, path: str, body: Any) -> Any:
        """Change the run now; None if the change waits in the spool."""
        if not self.connection.is_buffering:
            try:
                return self.write_now(method, self.path(path), body)
            except OFFLINE_ERRORS as error:
                if self.writer is None:
                    raise
                self.connection.start_buffering(error)
        self.open_writer().record_request(method, self.path(path), body)
        return None

    def write_now(self, method: str, path: str, body: Any) -> Any:
        """Change the run now. Raises StudioError."""
        if self.writer is None:
            return self.connection.change(method, path, body)
        return self.connection.try_now(method, path, body)

    def open_writer(self) -> Writer:
        """The writer of this process, opened at first use."""
        if self.writer is None:
            with self._writer_lock:
                # Another thread can have created it while this one waited for the lock.
                if self.writer is None:
                    self.writer = self._create_writer()
        return self.writer

    def _create_writer(self) -> Writer:
        # It imports http.client and more, which scripts that only read do not need.
        from studio.sdk.delivery import Writer

        writer = Writer.open(
            self.connection.client,
            self.id,
            heartbeats=self.is_own and not self.is_final(),
            offline=self.connection.is_offline,
            begins_run=self.is_own,
            # Of a run that another process began, this one reads the status.
            watches_run=self.cancellation is not None and not self.is_own,
            on_cancel=None if self.cancellation is None else self.cancellation.request,
        )
        open_writers.add(writer)
        return writer

    def flush(self, *, all_runs: bool = False) -> None:
        """Deliver what this process logged, before something is read.

        Includes what other objects logged to this run. With `all_runs`, everything is
        delivered.
        """
        if self.connection.is_buffering:
            return
        for writer in list(open_writers):
            if all_runs or writer.run_id == self.id:
                writer.flush()

    def refresh(self) -> None:
        """Read the run again."""
        info = self.read()
        if info:
            self.set_info(info)

    def set_info(self, info: dict[str, Any]) -> None:
        """Keep what the server reported about the run."""
        self.info, self.local_status = info, None

    @property
    def status(self) -> str:
        return self.local_status or str(self.info.get("status", RunStatus.NOT_STARTED))

    def is_final(self) -> bool:
        return (self.local_status or self.info.get("status", "")) in _FINAL_STATUSES

    def end(
        self,
        status: RunStatus | None,
        message: str = "",
        *,
        seconds: float | None = None,
    ) -> None:
        """Deliver everything and then the status, if this process has a writer.

        Continues an end that was interrupted.
        """
        value = None if status is None else status.value
        is_first_call = self.receipt is None and self._closing_writer is None
        # Offline, the status goes to the spool even if nothing was logged.
        if value is not None and is_first_call and self.connection.is_offline:
            self.open_writer()
        while (writer := self._writer_to_close()) is not None:
            self.receipt = writer.close(
                value,
                seconds,
                message=message,
                # A sweep does not wait for each of its trials while the server is away.
                in_background=bool(self.info.get("parent")),
            )
            open_writers.discard(writer)
            if value is not None and not self.is_final():
                self.local_status = value
            self._closing_writer = None
        if value is not None and not (self.receipt is not None and self.is_final()):
            body = {"status": value, "message": message}
            self.set_info(self.connection.change("POST", self.path("status"), body))

    def _writer_to_close(self) -> Writer | None:
        """The writer whose end was interrupted, else the one in use."""
        if self._closing_writer is None:
            self._closing_writer = self.writer
        if self._closing_writer is self.writer:
            self.writer = None
        return self._closing_writer
