"""The console of a notebook or a prompt: `sys.stdout` and `sys.stderr` are copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.sdk.client import Client
from studio.sdk.delivery import StreamCapture, Writer


class StreamConsole:
    """One capture for each run, the newest around the others."""

    def __init__(self) -> None:
        self._captures: dict[str, tuple[Writer, StreamCapture, str]] = {}

    def start_run(
        self, client: Client, run_id: str, path: str, _options: Mapping[str, Any]
    ) -> None:
        # A notebook's cells can continue after a run: a killed kernel ends none.
        writer = Writer.open(client, run_id, heartbeats=False, is_quiet=True)
        self._captures[run_id] = writer, StreamCapture(writer, path), path

    def append(self, run_id: str, text: str) -> None:
        if run_id in self._captures:
            writer, _capture, path = self._captures[run_id]
            writer.append_log(path, text.encode("utf-8", "backslashreplace"))

    def end_run(self, run_id: str) -> None:
        found = self._captures.pop(run_id, None)
        if found is not None:
            writer, capture, _path = found
            capture.close()
            writer.close(in_background=True)

    def close(self) -> None:
        for run_id in [*self._captures]:
            self.end_run(run_id)
