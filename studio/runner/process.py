"""A command's process, in a session and process group of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from studio.core.cancel_signals import CancelSignal
from studio.runner.streams import OutputStream
from studio.sdk.process_tree import die_with_parent, list_processes

#: How long output of processes that outlive the command is waited for.
OUTPUT_GRACE_SECONDS = 1.0
#: What a background shell or a thread's mask could have taken from the command.
_DEFAULT_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class CommandProcess:
    """A running command. Only its group gets signals, never this process."""

    def __init__(
        self,
        program: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        streams: Sequence[OutputStream],
        *,
        folder: Path | None = None,
        dies_with_parent: bool = False,
    ) -> None:
        """Start it. Raises OSError.

        With `dies_with_parent` it reads nothing, and is killed with this process.
        Signals for which this process has a handler have their default effect in the
        command, also if they were ignored here before.
        """
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _DEFAULT_SIGNALS)
        output, errors = streams[0], streams[-1]
        self._streams = streams
        self._process = subprocess.Popen(
            list(command),
            executable=program,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL if dies_with_parent else None,
            preexec_fn=die_with_parent if dies_with_parent else None,  # noqa: PLW1509
            stdout=output.command_end,
            stderr=errors.command_end,
            # A session of its own: Ctrl-C in the terminal reaches only this process,
            # which passes it on, and the command can still read the terminal.
            start_new_session=True,
        )
        for stream in streams:
            stream.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def send(self, name: CancelSignal | str) -> None:
        """Send a signal to the command and to all processes of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.Signals[str(name)])

    def has_group(self) -> bool:
        """Whether a process of the group still lives."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        # In a container without an init process, dead members stay in the group.
        entries = list_processes()
        states = {entry.state for entry in entries if entry.group == self.pid}
        # There are none where the system has no /proc.
        return states != {"Z"}

    def resize(self) -> None:
        """The terminal has another size."""
        for stream in self._streams:
            stream.resize()
        self.send("SIGWINCH")

    def finish_output(self, is_given_up: Callable[[], bool]) -> None:
        """Wait for the rest of the output, after the command's end.

        A process that outlives the command can hold the streams open: they are read
        while output arrives, until `is_given_up` returns true. It is tried each second.
        """
        for stream in self._streams:
            chunks = stream.chunks
            while not stream.join(OUTPUT_GRACE_SECONDS):
                is_idle = chunks == stream.chunks and not stream.is_writing
                if is_given_up() or is_idle:
                    break
                chunks = stream.chunks
