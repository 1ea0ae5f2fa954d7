"""Starts a command, waits for it, stops it when asked to, and reports how it ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from studio.core.cancel_signals import (
    KILL_AFTER_SECONDS,
    TERMINATE_AFTER_SECONDS,
    CancelSignal,
)
from studio.core.launcher_properties import (
    KILL_AFTER_PROPERTY,
    TERMINATE_AFTER_PROPERTY,
)
from studio.runner.ladder import SignalLadder
from studio.runner.process import CommandProcess
from studio.runner.programs import (
    NOT_EXECUTABLE,
    as_text,
    experiment_of,
    explain_failed_start,
    find_program,
)
from studio.runner.received_signals import ReceivedSignals
from studio.runner.streams import open_streams
from studio.runner.tracked_run import TrackedRun, create_tracked_run
from studio.sdk.client import Client
from studio.sdk.delivery import print_notice

#: How often the main loop looks for a cancel request.
POLL_SECONDS = 0.25
#: After SIGKILL, processes that the system has not removed yet are not waited for.
KILLED_GRACE_SECONDS = 2.0
INTERRUPTED = "Interrupted by Ctrl-C"


@dataclass(frozen=True)
class LaunchOptions:
    """The run of a command, and how long the command has to stop by itself."""

    experiment: str = ""
    name: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    terminate_after: float = TERMINATE_AFTER_SECONDS
    kill_after: float = KILL_AFTER_SECONDS

    def delays(self) -> dict[str, str]:
        """The delays that are not the usual ones, as properties of the run."""
        delays = {
            TERMINATE_AFTER_PROPERTY: (self.terminate_after, TERMINATE_AFTER_SECONDS),
            KILL_AFTER_PROPERTY: (self.kill_after, KILL_AFTER_SECONDS),
        }
        return {
            name: f"{own:g}" for name, (own, usual) in delays.items() if own != usual
        }


def run_program(
    client: Client,
    command: Sequence[str],
    environment: Mapping[str, str],
    options: LaunchOptions,
) -> int:
    """Run the command as a run; return the command's exit code (128+n for a signal).

    Raises CommandNotRunnable and StudioError before anything was started.
    """
    program = find_program(command[0])
    with ReceivedSignals() as received:
        run = create_tracked_run(
            client,
            command,
            experiment=options.experiment or experiment_of(command),
            name=options.name,
            tags=options.tags,
            properties=options.delays(),
        )
        print_notice(f"Run {run.id}: {run.page_url}")
        launched = _LaunchedCommand(run, received, options)
        code = launched.run_to_end(program, command, environment)
    # From here on Ctrl-C interrupts the delivery.
    try:
        run.end(launched.status, launched.message)
    except KeyboardInterrupt:
        print_notice("Interrupted: what is not delivered waits in the spool.")
    return code


class _LaunchedCommand:
    """The command, from its start to its end."""

    def __init__(
        self, run: TrackedRun, received: ReceivedSignals, options: LaunchOptions
    ) -> None:
        self._run, self._received = run, received
        self._ladder = SignalLadder(options.terminate_after, options.kill_after)
        self._killed_at = 0.0
        self.status, self.message = "Failed", ""

    def run_to_end(
        self, program: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> int:
        """Return the exit code; `status` and `message` tell how the run ended."""
        streams = open_streams(self._run.append_output)
        names = ("STUDIO_RUN_ID", "MLFLOW_RUN_ID")
        environment = {**environment, **dict.fromkeys(names, self._run.id)}
        # Otherwise the log of a Python script lags behind by thousands of bytes.
        environment.setdefault("PYTHONUNBUFFERED", "1")
        try:
            process = CommandProcess(program, command, environment, streams)
        except OSError as error:
            self.message = explain_failed_start(as_text(command[0]), error)
            print_notice(self.message)
            return NOT_EXECUTABLE
        code = self._wait(process)
        process.finish_output(wait=not self._ladder.is_started)
        self._set_status(code, streams[-1].tail())
        return 128 - code if code < 0 else code

    def _wait(self, process: CommandProcess) -> int:
        code = None
        while True:
            now = time.monotonic()
            code = process.poll() if code is None else code
            # What it started ends with it only if the run was stopped.
            if code is not None and not self._is_waiting_for_group(process, now):
                return code
            self._pass_on_signals(process, now)
            self._follow_cancel(now)
            while (name := self._ladder.next_due(now)) is not None:
                self._send(process, name, now)
            next_due = self._ladder.seconds_to_next(now)
            self._received.wait(min(POLL_SECONDS, next_due or POLL_SECONDS))

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
