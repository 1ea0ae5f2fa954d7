"""The process that reads a script's output: it passes it on and keeps it in logs.

It lives until the script and all that it started have closed their output, and has
delivered what it kept by then. Its control socket has one JSON object per line; it
answers each with a dot, after it has read all that was printed before.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.capture.recording import keep_record
from studio.core.errors import StudioError
from studio.core.readiness import wait_readable
from studio.runner import CHUNK_BYTES, copy_terminal_size
from studio.sdk.client import Client
from studio.sdk.delivery import Writer, print_notice
from studio.sdk.run_record import RunRecord, python_facts

ENDED_MESSAGE = "The process ended without ending its run."
TICK_SECONDS = 0.5
#: The start of a line waits for its end, up to this length.
MAX_LINE_BYTES = 8 * 1024
#: How long a run's next output waits for the delivery of its earlier one.
RESUME_SECONDS = 4.0
#: How much is read before a message counts: another thread can print without a pause.
MAX_READS = 32


class KeptRun:
    """A run whose log grows, and the writer that delivers it."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        self.path, self.is_new = str(message["path"]), bool(message["is_new"])
        client = Client(message["url"], message["token"], message["workspace"])
        self._writer = Writer.open(
            client,
            str(message["run"]),
            heartbeats=False,
            begins_run=self.is_new,
            is_quiet=True,
        )
        self._recording: threading.Thread | None = None
        if record := message.get("record"):
            self._recording = threading.Thread(target=self._record, args=(record,))
            self._recording.start()

    def append(self, data: bytes) -> None:
        # The script goes on if the disk is full.
        with contextlib.suppress(StudioError, OSError):
            self._writer.append_log(self.path, data)

    def close(self, status: str | None = None, message: str = "") -> None:
        if self._recording is not None:
            self._recording.join()
        self._writer.close(status, message=message)

    def note_end(self) -> None:
        """The run has ended by itself: a later process must not fail it."""
        with contextlib.suppress(StudioError, OSError):
            self._writer.note_end("", "")

    def _record(self, facts: Mapping[str, Any]) -> None:
        folder = Path(facts["folder"])
        python = python_facts(facts["version"], facts["executable"], facts["paths"])
        record = RunRecord.collect(facts["command"], folder, os.environ, python)
        keep_record(self._writer, record, folder)


class Stream:
    """One stream of the script: whole lines are kept, each byte is passed on."""

    def __init__(self, source: int, target: int) -> None:
        self.source, self._target = source, target
        self.is_terminal = os.isatty(source)
        self.is_open, self.is_passing = True, True
        self._line = bytearray()
        self._read_at = 0.0

    def read(self) -> bytes:
        """Pass the next bytes on, and return the whole lines so far."""
        try:
            data = os.read(self.source, CHUNK_BYTES)
        except OSError:
            # How Linux reports the end of a terminal.
            data = b""
        self.is_open = bool(data)
        self._read_at = time.monotonic()
        self._pass_on(data)
        self._line += data
        # Progress bars end their lines with a carriage return.
        end = max(self._line.rfind(b"\n"), self._line.rfind(b"\r")) + 1
        if not data or len(self._line) - end > MAX_LINE_BYTES:
            end = len(self._line)
        return self._take(end)

    def rest(self) -> bytes:
        """The start of a line whose end is not printed yet."""
        return self._take(len(self._line))

    @property
    def is_idle(self) -> bool:
        """Whether a started line has waited long enough, such as a prompt."""
        waited = time.monotonic() - self._read_at
        return bool(self._line) and waited >= TICK_SECONDS

    def has_more(self) -> bool:
        return self.is_open and wait_readable(self.source, 0)

    def resize(self) -> None:
        if self.is_terminal and self.is_open:
            copy_terminal_size(self._target, self.source)

    def _take(self, end: int) -> bytes:
        lines = bytes(self._line[:end])
        del self._line[:end]
        return lines

    def _pass_on(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest and self.is_passing:
                rest = rest[os.write(self._target, rest) :]
        except OSError:
            self.is_passing = False


class Keeper:
    """Reads streams and messages until the script is gone."""

    def __init__(self, control: socket.socket, streams: Sequence[Stream]) -> None:
        self._control, self._streams = control, streams
        self._runs: dict[str, KeptRun] = {}
        self._closing: list[tuple[str, threading.Thread]] = []
        self._selector = selectors.DefaultSelector()
        self._buffer = b""
        self._has_said_broken = False

    def run(self) -> None:
        """Keep all output. Runs that are open when the script is gone have failed."""
        self._selector.register(self._control, selectors.EVENT_READ)
        for stream in self._streams:
            self._selector.register(stream.source, selectors.EVENT_READ, stream)
        self._answer()
        while len(self._selector.get_map()) > 0:
            for key, _events in self._selector.select(TICK_SECONDS):
                if key.data is None:
                    self._read_messages()
                elif key.data.has_more():
                    # A message before it in the list can have read all of it: then
                    # this would wait for the next output, and the script for an answer.
                    self._read(key.data)
            self._keep_idle_lines()
        self._close_all()

    def _read(self, stream: Stream) -> None:
        self._keep(stream.read())
        if not stream.is_open:
            self._selector.unregister(stream.source)
        if not stream.is_passing and not self._has_said_broken:
            self._has_said_broken = True
            with contextlib.suppress(OSError):
                self._control.sendall(b"x")

    def _keep(self, data: bytes) -> None:
        if data:
            # Another thread can close them now, so this is a copy.
            for run in list(self._runs.values()):
                run.append(data)

    def _keep_idle_lines(self) -> None:
        for stream in self._streams:
            stream.resize()
            if stream.is_idle:
                self._keep(stream.rest())

    def _read_messages(self) -> None:
        try:
            data = self._control.recv(CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(self._control)
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._read_all_before()
            message = json.loads(line)
            if message["do"] == "close":
                # What the script started can print longer than the script lives.
                words = (str(message.get("status", "")),)
                threading.Thread(target=self._close_and_answer, args=words).start()
            else:
                self._obey(message)
                self._answer()

    def _read_all_before(self) -> None:
        for stream in self._streams:
            for _ in range(MAX_READS):
                if not stream.has_more():
                    break
                self._read(stream)
            self._keep(stream.rest())

    def _obey(self, message: Mapping[str, Any]) -> None:
        run_id = str(message.get("run", ""))
        if message["do"] == "start":
            self._wait_for_earlier_log(run_id)
            try:
                self._runs[run_id] = KeptRun(message)
            except (StudioError, OSError) as error:
                print_notice(f"The output of run {run_id} is not kept: {error}")
        elif message["do"] == "append" and run_id in self._runs:
            self._runs[run_id].append(message["text"].encode("utf-8", "replace"))
        elif message["do"] == "end" and run_id in self._runs:
            self._end(run_id, self._runs.pop(run_id))

    def _wait_for_earlier_log(self, run_id: str) -> None:
        """A run that is resumed at once goes on in its log after what was there."""
        until = time.monotonic() + RESUME_SECONDS
        for ended, thread in self._closing:
            if ended == run_id:
                thread.join(max(0.0, until - time.monotonic()))

    def _end(self, run_id: str, run: KeptRun) -> None:
        run.note_end()
        # The server can be away, and the script goes on printing.
        thread = threading.Thread(target=run.close)
        thread.start()
        self._closing.append((run_id, thread))

    def _close_all(self, status: str = "Failed") -> None:
        """Deliver everything. New runs that the script left open get the status."""
        for run_id in list(self._runs):
            run = self._runs.pop(run_id, None)
            if run is None:
                # The other of two threads that close them has it.
                continue
            if run.is_new:
                is_failed = status == "Failed"
                run.close(status, ENDED_MESSAGE if is_failed else "")
            else:
                run.close()
        for _run_id, thread in self._closing:
            thread.join()

    def _close_and_answer(self, status: str) -> None:
        self._close_all(status)
        self._answer()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(b".")


def _note_failure(error: type[BaseException] | None) -> None:
    """One line without a traceback: another run's log can be where this prints."""
    name = error.__name__ if error else "an error"
    print_notice(f"Some output may be missing in the log ({name}).", once=True)


def main(words: Sequence[str]) -> None:
    """The arguments are descriptors: the socket, then source and target of streams."""
    sys.excepthook = lambda kind, _error, _traceback: _note_failure(kind)
    threading.excepthook = lambda failed: _note_failure(failed.exc_type)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(name, signal.SIG_IGN)
    control, *ends = map(int, words)
    streams = [Stream(source, target) for source, target in zip(ends[::2], ends[1::2])]
    Keeper(socket.socket(fileno=control), streams).run()
    sys.exit(0)
