"""The `studio` command in forks of a process that has imported all of its modules.

Importing them takes four fifths of a command's processor time. Tests that are about
starting the command, about terminals or signals start it as a shell does.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.parts.clients import ROOT, quiet_environment

STREAMS = ("stdin", "stdout", "stderr")


def run_studio(
    words: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    given: str = "",
    seconds: int = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does with `text=True`."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in STREAMS]
        for file in files:
            file.write_text(given if file.name == "stdin" else "")
        command = {"words": words, "env": dict(env), "cwd": str(cwd), "folder": folder}
        code = _tell(json.dumps(command), seconds)
        _given, out, err = (file.read_text(errors="replace") for file in files)
    return subprocess.CompletedProcess(["studio", *words], code, out, err)


def _tell(line: str, seconds: int) -> int:
    process = _forking_process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    # `select` allows no number above 1,023, and other tests leave many files open.
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        has_answered = selector.select(seconds)
    if not has_answered:
        os.killpg(process.pid, 9)
        _forking_process.cache_clear()
        raise subprocess.TimeoutExpired(line, seconds)
    return int(process.stdout.readline())


@cache
def _forking_process() -> subprocess.Popen[str]:
    """One for this process, with which it ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cli.forked"],
        env={**quiet_environment(), "PYTHONIOENCODING": "utf-8"},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def import_commands() -> None:
    import studio.cli

    for found in pkgutil.walk_packages(studio.cli.__path__, "studio.cli."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    gc.freeze()


def wait_for_command() -> list[str]:
    """Print the exit code of each command's process; return in these processes."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            return become(json.loads(line))
        _child, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    raise SystemExit


def become(command: dict[str, Any]) -> list[str]:
    """Apply the environment, the folder and the streams; return the words."""
    os.environ.clear()
    os.environ.update(command["env"])
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    os.chdir(command["cwd"])
    for number, name in enumerate(STREAMS):
        path = Path(command["folder"], name)
        opened = os.open(path, os.O_WRONLY | os.O_APPEND if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    words: list[str] = command["words"]
    sys.argv = ["studio", *words]
    return words


if __name__ == "__main__":
    import_commands()
    words = wait_for_command()
    from studio.cli import main

    main(words)
