"""The console of a notebook or a prompt: `sys.stdout` and `sys.stderr` are copied."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from studio.capture.recording import keep_record
from studio.sdk.client import Client
from studio.sdk.delivery import StreamCapture, Writer
from studio.sdk.run_record import record_of_process, working_folder

#: How long the end of a run waits for its record.
RECORD_SECONDS = 10.0


class StreamConsole:
    """One capture for each run, the newest around the others."""

    def __init__(self) -> None:
        self._captures: dict[str, tuple[Writer, StreamCapture, str]] = {}
        self._recordings: dict[str, threading.Thread] = {}

    def start_run(
        self, client: Client, run_id: str, path: str, options: Mapping[str, Any]
    ) -> None:
        # A notebook's cells can continue after a run: a killed kernel ends none.
        writer = Writer.open(client, run_id, heartbeats=False, is_quiet=True)
        self._captures[run_id] = writer, StreamCapture(writer, path), path
        if options["has_record"]:
            words = (writer, record_of_process(), working_folder())
            thread = threading.Thread(target=keep_record, args=words, daemon=True)
            self._recordings[run_id] = thread
            thread.start()

    def append(self, run_id: str, text: str) -> None:
        if run_id in self._captures:
            writer, _capture, path = self._captures[run_id]
            writer.append_log(path, text.encode("utf-8", "backslashreplace"))

    def end_run(self, run_id: str) -> None:
        found = self._captures.pop(run_id, None)
        if found is not None:
            writer, capture, _path = found
            capture.close()
            if run_id in self._recordings:
                self._recordings.pop(run_id).join(RECORD_SECONDS)
            writer.close(in_background=True)

    def close(self, status: str) -> None:
        # Cells of a notebook leave runs open, which a later kernel continues.
        del status
        for run_id in [*self._captures]:
            self.end_run(run_id)
