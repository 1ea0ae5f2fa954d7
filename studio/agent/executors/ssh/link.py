"""The connection to the other machine: one `ssh`, over which requests are answered."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shlex
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from studio.agent.executors.executor import EngineUnavailable, SubmissionRefused
from studio.agent.executors.ssh.bootstrap import GREETING
from studio.agent.executors.ssh.client_archive import pack_client
from studio.agent.executors.ssh.messages import MAX_LINE_BYTES, encode_message
from studio.agent.executors.ssh.words import explain_failure
from studio.core.compute_kinds import DEFAULT_FOLDER, DEFAULT_PYTHON, quote_path

#: Names another configuration than `~/.ssh/config` for the agent's connections.
CONFIG_VARIABLE = "STUDIO_SSH_CONFIG"
#: A connection that carries nothing is noticed after `ALIVE_SECONDS` times three.
CONNECT_SECONDS, ALIVE_SECONDS = 15, 5
#: How long one reply takes at most. A kill waits for the processes' end.
REPLY_SECONDS = 60.0
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
#: More than any login prints.
_MAX_GREETING_BYTES = 1 << 20


def ssh_words(settings: Mapping[str, Any]) -> list[str]:
    """The command that connects to the machine, without what it runs there."""
    config = os.environ.get(CONFIG_VARIABLE, "")
    return [
        *("ssh", *(("-F", config) if config else ()), "-T"),
        *("-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}"),
        *("-o", f"ServerAliveInterval={ALIVE_SECONDS}"),
        *("-o", "ServerAliveCountMax=3", "-o", "ControlPath=none"),
        *("-o", "ForwardAgent=no", "-o", "ForwardX11=no"),
        *(("-p", str(settings["port"])) if "port" in settings else ()),
        *(("-l", settings["user"]) if "user" in settings else ()),
        *("--", str(settings.get("host", ""))),
    ]


class MachineLink:
    """An open connection. Use it from one thread."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Connect, and copy the client if it is missing there.

        Raises EngineUnavailable, SubmissionRefused, both with the words of `ssh`.
        """
        self._host = str(settings.get("host", ""))
        self._errors: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = self._connect(settings)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._received = b""
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _connect(self, settings: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        code = _BOOTSTRAP.read_bytes()
        python = quote_path(settings.get("python", DEFAULT_PYTHON))
        runs = f"import sys; exec(sys.stdin.buffer.read({len(code)}))"
        arguments = [runs, settings.get("folder", DEFAULT_FOLDER), pack_client().digest]
        words = [*ssh_words(settings), f"exec {python} -c {shlex.join(arguments)}"]
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                # The sentences are compared, so they must be English.
                env={**os.environ, "LC_ALL": "C"},
                bufsize=0,
                # Ctrl-C for the agent must not cut the connection.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise SubmissionRefused("ssh is not installed on this machine.") from error
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.write(code)
        return process

    def _begin(self) -> None:
        greeting = self._read_greeting()
        if greeting.get("wants") == "client":
            content = pack_client().content
            self._write(f"{len(content)}\n".encode() + content)
            greeting = self._read_greeting()
        if "error" in greeting:
            raise SubmissionRefused(f"{self._host}: {greeting['error']}")

    def request(
        self, content: Mapping[str, Any], payload: BinaryIO | None = None
    ) -> dict[str, Any]:
        """The reply. Raises EngineUnavailable; then the link is of no more use."""
        size = 0
        if payload is not None:
            size = payload.seek(0, os.SEEK_END)
            payload.seek(0)
        self._write(encode_message({**content, "size": size}))
        while payload is not None and (chunk := payload.read(1 << 20)):
            self._write(chunk)
        reply: dict[str, Any] = json.loads(self._read_line())
        return reply

    def close(self) -> None:
        """End the connection; jobs go on."""
        for stream in (self._input, self._output):
            with contextlib.suppress(OSError):
                stream.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def _read_greeting(self) -> dict[str, Any]:
        """Skips what the login prints."""
        skipped = 0
        while skipped < _MAX_GREETING_BYTES:
            line = self._read_line().decode(errors="replace")
            if line.startswith(GREETING):
                content: dict[str, Any] = json.loads(line[len(GREETING) :])
                return content
            skipped += len(line)
        raise SubmissionRefused(f"{self._host} prints more than a greeting.")

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._input.write(view) :]
        except OSError as error:
            raise self._explain(error) from error

    def _read_line(self) -> bytes:
        end = time.monotonic() + REPLY_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while b"\n" not in self._received:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise explain_failure(self._host, None, "")
                chunk = self._output.read(1 << 16)
                if not chunk:
                    raise self._explain(None)
                self._received += chunk
                if len(self._received) > MAX_LINE_BYTES:
                    raise EngineUnavailable(f"{self._host} sends too much.")
        line, _newline, self._received = self._received.partition(b"\n")
        return line

    def _explain(self, error: OSError | None) -> OSError:
        """Why the connection ended, in the words of `ssh`."""
        try:
            code: int | None = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return EngineUnavailable(f"{self._host}: {error or 'the connection ended'}")
        self._errors.seek(0)
        text = self._errors.read()[-8192:].decode(errors="replace")
        return explain_failure(self._host, code, text)
