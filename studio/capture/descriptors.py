"""The console of a script: its descriptors, read by a process of their own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import studio
from studio.runner import copy_terminal_size, is_same_place, open_channel
from studio.sdk.client import Client
from studio.sdk.delivery import drain_seconds
from studio.sdk.run_record import command_of_process, working_folder

#: How long the keeper can take to start; without it nothing is captured.
START_SECONDS = 20.0
#: How long the start or the end of a run waits until the keeper has read all before.
ANSWER_SECONDS = 5.0
#: The keeper's own modules are found here, whatever the script did to its paths.
_ROOT = str(Path(studio.__file__).resolve().parent.parent)
_PROGRAM = (
    "import sys; sys.path[0] = sys.argv[1]; "
    "from studio.capture.keeper import main; main(sys.argv[2:])"
)


class DescriptorConsole:
    """Sends the output of this process to the keeper, and tells it of runs."""

    def __init__(
        self,
        keeper: subprocess.Popen[bytes],
        control: socket.socket,
        streams: Sequence[_Stream],
    ) -> None:
        self._keeper, self._control, self._streams = keeper, control, streams
        self._answered = threading.Condition()
        self._answers = 0
        self._questions = 0
        self._is_replaced = self._is_gone = False
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    @classmethod
    def open(cls) -> DescriptorConsole | None:
        """Start the keeper and replace the descriptors; None if that is impossible."""
        if not sys.executable:
            return None
        streams: list[_Stream] = []
        ours, its = socket.socketpair()
        try:
            streams = _open_streams()
            console = cls(_start_keeper(its, streams), ours, streams)
        except (OSError, ValueError):
            ours.close()
            for stream in streams:
                stream.close()
            return None
        finally:
            its.close()
        if not console._wait_for_answer(1, START_SECONDS):
            console._give_up()
            return None
        console._replace()
        return console

    def start_run(
        self, client: Client, run_id: str, path: str, options: Mapping[str, Any]
    ) -> None:
        message: dict[str, Any] = {
            "do": "start",
            "run": run_id,
            "url": client.url,
            "token": client.token,
            "workspace": client.workspace,
            "path": path,
            "is_new": options["is_new"],
        }
        if options["has_record"]:
            message["record"] = {
                "command": list(command_of_process()),
                "folder": str(working_folder()),
                "version": sys.version,
                "executable": sys.executable,
                "paths": [str(path) for path in sys.path],
            }
        self._ask(message)

    def append(self, run_id: str, text: str) -> None:
        self._ask({"do": "append", "run": run_id, "text": text})

    def end_run(self, run_id: str) -> None:
        self._ask({"do": "end", "run": run_id})

    def close(self, status: str) -> None:
        """Restore the descriptors, and wait until the logs are delivered."""
        _flush()
        self._restore()
        # A container ends with this process, and would take the keeper with it.
        self._ask({"do": "close", "status": status}, drain_seconds())

    def _ask(self, message: Mapping[str, Any], seconds: float = ANSWER_SECONDS) -> None:
        """Send a message; wait until all that was printed before it is kept."""
        _flush()
        data = json.dumps(message).encode() + b"\n"
        try:
            with self._sending:
                self._questions += 1
                number = self._questions + 1
                self._control.sendall(data)
        except OSError:
            return
        self._wait_for_answer(number, seconds)

    def _wait_for_answer(self, number: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        with self._answered:
            while self._answers < number and not self._is_gone:
                if not self._answered.wait(max(0.0, end - time.monotonic())):
                    break
            return self._answers >= number

    def _listen(self) -> None:
        """Count the keeper's answers; restore the descriptors when it is gone."""
        while True:
            try:
                data = self._control.recv(64)
            except OSError:
                data = b""
            # An `x`: nothing reads the real output any more, as after `| head`.
            if not data or b"x" in data:
                self._restore()
            with self._answered:
                self._answers += data.count(b".")
                self._is_gone = not data
                self._answered.notify_all()
            if not data:
                for stream in self._streams:
                    stream.pass_rest()
                return

    def _replace(self) -> None:
        _flush()
        for stream in self._streams:
            stream.replace()
        self._is_replaced = True

    def _restore(self) -> None:
        if self._is_replaced:
            self._is_replaced = False
            for stream in self._streams:
                stream.restore()

    def _give_up(self) -> None:
        self._control.close()
        self._keeper.kill()


class _Stream:
    """Descriptors that lead to one place: a channel replaces them."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self._descriptors = descriptors
        #: The real output, for the keeper and for the end.
        self.target = os.dup(descriptors[0])
        os.set_inheritable(self.target, False)
        self.is_terminal = os.isatty(self.target)
        self.source, self._end = open_channel(self.target, self.is_terminal)
        # This process has it too: without a reader, each `print` would fail.
        os.set_inheritable(self.source, False)

    def replace(self) -> None:
        for descriptor in self._descriptors:
            os.dup2(self._end, descriptor)
        os.close(self._end)

    def restore(self) -> None:
        for descriptor in self._descriptors:
            os.dup2(self.target, descriptor)

    def pass_rest(self) -> None:
        """Print what the keeper left unread."""
        with contextlib.suppress(OSError):
            os.set_blocking(self.source, False)
            while rest := os.read(self.source, 65536):
                os.write(self.target, rest)

    def close(self) -> None:
        for descriptor in (self.target, self.source, self._end):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _open_streams() -> list[_Stream]:
    if is_same_place(1, 2):
        return [_Stream((1, 2))]
    return [_Stream((1,)), _Stream((2,))]


def _start_keeper(
    control: socket.socket, streams: Sequence[_Stream]
) -> subprocess.Popen[bytes]:
    words = [str(control.fileno())]
    for stream in streams:
        words += [str(stream.source), str(stream.target)]
        if stream.is_terminal:
            copy_terminal_size(stream.target, stream.source)
    environment = dict(os.environ)
    # It is no rank of the training, and captures nothing of its own.
    environment.pop("STUDIO_RANK_LOGS", None)
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, _ROOT, *words],
        env={**environment, "STUDIO_CAPTURE": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=streams[-1].target,
        pass_fds=[
            control.fileno(),
            *(one for stream in streams for one in (stream.source, stream.target)),
        ],
        # Ctrl-C in the terminal is for the script.
        start_new_session=True,
    )


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
