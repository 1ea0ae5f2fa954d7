"""A command from its start to its end: it is stopped when asked to."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from studio.core.cancel_signals import CancelSignal
from studio.runner.ladder import SignalLadder
from studio.runner.process import CommandProcess
from studio.runner.programs import NOT_EXECUTABLE, as_text, explain_failed_start
from studio.runner.received_signals import ReceivedSignals
from studio.runner.streams import OutputStream
from studio.sdk.delivery import print_notice

#: How often the main loop looks for a cancel request.
POLL_SECONDS = 0.25
#: After SIGKILL, processes that the system has not removed yet are not waited for.
KILLED_GRACE_SECONDS = 2.0
#: How much later than its command this process may get the same signal.
LATE_SIGNAL_SECONDS = 1.0
#: Of a process that was stopped, or of a shell around it.
_STOPPED_CODES = frozenset(
    code
    for number in (signal.SIGINT, signal.SIGTERM)
    for code in (-number, 128 + number)
)
INTERRUPTED = "Interrupted by Ctrl-C"


class CancelSource(Protocol):
    """Where a command learns that it should stop, and reports how it is stopped."""

    @property
    def is_cancel_requested(self) -> bool: ...

    @property
    def is_force_requested(self) -> bool: ...

    def report_signal(self, name: CancelSignal) -> None: ...


class LaunchedCommand:
    """A command, from its start to its end."""

    #: How long processes that outlive the command can go on with their output.
    max_output_seconds = float("inf")

    def __init__(
        self, run: CancelSource, received: ReceivedSignals, ladder: SignalLadder
    ) -> None:
        self._run, self._received, self._ladder = run, received, ladder
        self._killed_at = 0.0
        self.status, self.message = "Failed", ""

    def run_to_end(
        self,
        program: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        streams: Sequence[OutputStream],
        *,
        folder: Path | None = None,
    ) -> int:
        """Return the exit code; `status` and `message` tell how the command ended."""
        # Otherwise the log of a Python script lags behind by thousands of bytes.
        environment = {"PYTHONUNBUFFERED": "1", **environment}
        try:
            process = self._start(program, command, environment, streams, folder)
        except OSError as error:
            for stream in streams:
                stream.cancel()
            self.message = explain_failed_start(as_text(command[0]), error)
            print_notice(self.message)
            return NOT_EXECUTABLE
        code = self._wait(process)
        self._finish_output(process)
        self._set_status(code, streams[-1].tail())
        return 128 - code if code < 0 else code

    def _start(
        self,
        program: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        streams: Sequence[OutputStream],
        folder: Path | None,
    ) -> CommandProcess:
        return CommandProcess(program, command, environment, streams, folder=folder)

    def _watch_limits(self, now: float) -> None:
        """Stop the command for other reasons. `now` is the monotonic time."""

    def _wait(self, process: CommandProcess) -> int:
        code = None
        while True:
            now = time.monotonic()
            code = process.poll() if code is None else code
            # What it started ends with it only if the run was stopped.
            if code is not None and not self._is_waiting_for_group(process, now):
                self._take_late_signal(process, code)
                return code
            self._react(process, now)
            next_due = self._ladder.seconds_to_next(now)
            self._received.wait(min(POLL_SECONDS, next_due or POLL_SECONDS))

    def _take_late_signal(self, process: CommandProcess, code: int) -> None:
        """Who stops all processes may reach the command before this process."""
        if code not in _STOPPED_CODES:
            return
        end = time.monotonic() + LATE_SIGNAL_SECONDS
        while not self._ladder.is_started and (now := time.monotonic()) < end:
            self._pass_on_signals(process, now)
            self._received.wait(min(POLL_SECONDS, end - now))

    def _react(self, process: CommandProcess, now: float) -> None:
        """Do what signals, a cancel request and limits ask for."""
        self._pass_on_signals(process, now)
        self._follow_cancel(now)
        self._watch_limits(now)
        while (name := self._ladder.next_due(now)) is not None:
            self._send(process, name, now)

    def _finish_output(self, process: CommandProcess) -> None:
        """Read what is left; what still writes can be stopped as the command could."""
        was_stopped = self._ladder.is_started
        end = time.monotonic() + self.max_output_seconds

        def is_given_up() -> bool:
            now = time.monotonic()
            if not was_stopped:
                self._react(process, now)
            return self._ladder.is_started or now > end

        process.finish_output(is_given_up)
        if self._ladder.is_started and not was_stopped:
            self._wait(process)
            process.finish_output(lambda: True)

    def _is_waiting_for_group(self, process: CommandProcess, now: float) -> bool:
        if not self._ladder.is_started or not process.has_group():
            return False
        return not self._killed_at or now - self._killed_at < KILLED_GRACE_SECONDS

    def _send(self, process: CommandProcess, name: CancelSignal, now: float) -> None:
        process.send(name)
        self._run.report_signal(name)
        if name is CancelSignal.KILL:
            self._killed_at = now

    def _follow_cancel(self, now: float) -> None:
        if self._run.is_cancel_requested and not self._ladder.is_started:
            print_notice("The run was canceled: the command gets SIGINT.")
            self._ladder.start(now)
        if self._run.is_force_requested:
            self._ladder.hasten(CancelSignal.KILL, now)

    def _pass_on_signals(self, process: CommandProcess, now: float) -> None:
        for name in self._received.take():
            if name == "SIGINT":
                self.message = self.message or INTERRUPTED
                # The second Ctrl-C ends it at once.
                is_first = not self._ladder.is_started
                signal_name = CancelSignal.INTERRUPT if is_first else CancelSignal.KILL
                self._ladder.hasten(signal_name, now)
            elif name == "SIGTERM":
                self.message = self.message or "Stopped by SIGTERM"
                self._ladder.hasten(CancelSignal.TERMINATE, now)
            elif name == "SIGHUP":
                self.message = self.message or "The terminal was closed"
                process.send(name)
                self._ladder.hasten(CancelSignal.TERMINATE, now)
            elif name == "SIGWINCH":
                process.resize()
            elif name == "SIGQUIT":
                process.send(name)
            elif name == "SIGTSTP":
                # Ctrl-Z; returns when the shell continues this process.
                process.send("SIGSTOP")
                os.kill(os.getpid(), signal.SIGSTOP)
                process.send("SIGCONT")

    def _set_status(self, code: int, errors: str) -> None:
        if self._ladder.is_started:
            self.status = "Canceled"
        elif code == 0:
            self.status = "Completed"
        else:
            self.message = "\n\n".join(filter(None, (describe_end(code), errors)))


def describe_end(code: int) -> str:
    """Why a command failed, by its exit status."""
    if code >= 0:
        return f"The command ended with exit code {code}."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " The machine may have run out of memory." if name == "SIGKILL" else ""
    return f"The command was killed by {name}.{hint}"
