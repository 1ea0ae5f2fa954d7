"""The run of a job: its statuses, logs and files, as its runner reports them."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.job_files import JobFile
from studio.core.statuses import RunStatus
from studio.runner.job.redaction import RedactedStream, Redactor
from studio.runner.tracked_run import LOG_PATH, TrackedRun
from studio.sdk.client import Client
from studio.sdk.delivery import Writer, print_notice

#: How long before its lease ends a runner without any answer stops its script.
LEASE_MARGIN_SECONDS = 20.0
#: How long the rest of a lost attempt is delivered.
LOST_SECONDS = 5.0


class JobRun(TrackedRun):
    """This process reports everything about it but what the script logs."""

    def __init__(self, client: Client, job: JobFile, writer: Writer) -> None:
        super().__init__(client, job.run, writer)
        self._job = job
        secrets = [*job.secrets.values(), job.token]
        self.redactor = Redactor(secrets)
        self._streams: dict[str, RedactedStream] = {}
        self._streams_lock = threading.Lock()
        self.is_delivered = False

    @classmethod
    def open(cls, job: JobFile) -> JobRun:
        """Start the heartbeats. Raises StudioError, OSError."""
        client = Client(job.url, job.token, job.workspace)
        is_leased = job.launcher == "agent"
        writer = Writer.open(
            client,
            job.run,
            heartbeats=True,
            is_launcher=True,
            # Only a queue counts attempts.
            attempt=job.attempt if is_leased else 0,
            is_leased=is_leased,
        )
        return cls(client, job, writer)

    @property
    def is_lost(self) -> bool:
        """Whether the run belongs to another attempt, or must be assumed to."""
        sender = self._writer.sender
        if sender.is_lost:
            return True
        seconds = self._job.lease_seconds - LEASE_MARGIN_SECONDS
        unanswered = time.monotonic() - sender.answered_at
        return self._job.launcher == "agent" and unanswered > seconds > 0

    def report_status(self, status: RunStatus) -> None:
        """Report a status that is not final."""
        body: dict[str, object] = {"status": status.value, "launcher": True}
        if self._writer.attempt:
            body["attempt"] = self._writer.attempt
        with contextlib.suppress(StudioError, OSError):
            self._writer.record_request("POST", f"runs/{self.id}/status", body)

    def append_output(self, chunk: bytes) -> None:
        self.append_log(LOG_PATH, chunk)

    def append_log(self, path: str, chunk: bytes) -> None:
        """Append to a log, without secrets. Never raises: the script continues."""
        with self._streams_lock:
            stream = self._streams.setdefault(path, RedactedStream(self.redactor))
            self._append(path, stream.feed(chunk))

    def finish_logs(self) -> None:
        """Append what waited for more output."""
        with self._streams_lock:
            for path, stream in self._streams.items():
                self._append(path, stream.finish())

    def _append(self, path: str, data: bytes) -> None:
        if data:
            try:
                self._writer.append_log(path, data)
            except (StudioError, OSError) as error:
                print_notice(f"{path} is not complete: {error}", once=True)

    def add_file(self, local: Path, path: str) -> None:
        """Upload a file. Never raises; what is wrong is in the runner's own log."""
        try:
            self._writer.add_file(local, path)
        except (StudioError, OSError) as error:
            print_notice(f"{path} was not uploaded: {error}")
            self.append_output(f"\n{path} was not uploaded: {error}\n".encode())

    def end(self, status: str, message: str = "") -> None:
        self.finish_logs()
        super().end(status, self.redactor.in_text(message))
        self.is_delivered = self._writer.sender.receipt is not None

    def abandon(self) -> None:
        """Deliver what was logged, and leave the status to the other attempt."""
        self.finish_logs()
        self._writer.close(None, timeout=LOST_SECONDS)
