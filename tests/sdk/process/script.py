"""Scripts in files, as users have them: started, signaled, and what became of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.sdk.client import Client
from tests.sdk.user import User

SECONDS = 60


def client_of(user: User) -> Client:
    return Client(user.server.url, user.server.token, "default")


def wait_for(find: Callable[[], Any], what: str = "it") -> Any:
    """What `find` returns as soon as that is true."""
    end = time.monotonic() + SECONDS
    while not (found := find()):
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.05)
    return found


@dataclass
class Script:
    """A started script. It prints what it wants to be waited for."""

    user: User
    process: subprocess.Popen[str]
    folder: Path
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)

    def wait_line(self, start: str) -> str:
        """The rest of the first line that begins so."""

        def find() -> list[str]:
            found = [one for one in self.lines if one.startswith(start)]
            if not found and self.process.poll() is not None:
                # The last lines can still be on their way.
                for reader in self.readers:
                    reader.join(SECONDS)
                found = [one for one in self.lines if one.startswith(start)]
                assert found, self.said()
            return found

        return str(wait_for(find, start)[0])[len(start) :].strip()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        try:
            return self.process.wait(SECONDS + 30)
        finally:
            self.process.kill()
            for reader in self.readers:
                reader.join(SECONDS)

    def said(self) -> str:
        return "\n".join([*self.lines[-40:], "--", *self.errors[-80:]])

    def info(self, run_id: str) -> dict[str, Any]:
        return read_run(self.user, run_id)


def read_run(user: User, run_id: str) -> dict[str, Any]:
    return dict(client_of(user).get(f"runs/{run_id}"))


def start(
    user: User,
    code: str,
    *,
    name: str = "",
    command: Sequence[str] = (),
    folder: Path | None = None,
    **env: str,
) -> Script:
    """Start a file with the code, by `command` if it is given."""
    folder = folder or user.folder / f"s{uuid.uuid4().hex[:8]}"
    folder.mkdir(exist_ok=True)
    file = folder / (name or "train.py")
    file.write_text(textwrap.dedent(code))
    env.setdefault("STUDIO_SPOOL", str(folder / ".spool"))
    process = subprocess.Popen(
        [*(command or [sys.executable]), str(file)],
        env=user.environment(**env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    script = Script(user, process, folder)
    for pipe, lines in (
        (process.stdout, script.lines),
        (process.stderr, script.errors),
    ):
        reader = threading.Thread(target=_read_lines, args=(pipe, lines), daemon=True)
        reader.start()
        script.readers.append(reader)
    return script


def _read_lines(pipe: Any, lines: list[str]) -> None:
    for line in pipe:
        lines.append(line.rstrip("\n"))  # noqa: PERF401 (others read it at the same time)


def run_script(user: User, code: str, **how: Any) -> Script:
    """Start the code and wait for its end."""
    script = start(user, code, **how)
    script.wait()
    return script


def seen(script: Script, word: str) -> Any:
    """What the script printed as JSON after the word."""
    return json.loads(script.wait_line(word))
