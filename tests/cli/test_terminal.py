"""On a terminal: tables that fit, colors, Ctrl-C; in a pipe: neither, and no noise."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from studio.cli.tables import text_width
from tests.cli.command import STUDIO, CommandLine, command_line, new_run
from tests.parts.server import Server
from tests.parts.wire import Connection

RUN = f"terminal-{uuid.uuid4().hex[:8]}"
LOG = f"/api/v1/workspaces/default/runs/{RUN}/files/logs/user_log.txt"
NAME = "名前 测试 and a name that is much longer than any terminal is wide"


@pytest.fixture(scope="module")
def _run(server: Server) -> None:
    new_run(server, RUN, RUN, name=NAME, tags={"quality": "fantastic run"})
    Connection(server).ask("PUT", LOG, b"epoch 1\n")


@pytest.fixture
def studio(server: Server, _run: None, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


def on_terminal(studio: CommandLine, words: Sequence[str], columns: int) -> str:
    """What a command writes to a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = studio.base_environment()
    env.pop("COLUMNS", None)
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*STUDIO, *words],
        env=env,
        cwd=studio.folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    found = b""
    try:
        while chunk := os.read(ours, 65536):
            found += chunk
    except OSError:
        # On Linux the end of the other side is an error.
        pass
    os.close(ours)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return found.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80])
def test_a_list_fits_the_terminal(studio: CommandLine, columns: int) -> None:
    lines = on_terminal(studio, ("run", "list", "-e", RUN), columns).splitlines()
    assert lines[0].startswith("Run ")
    assert lines[2].startswith(RUN[:6])
    assert max(map(text_width, lines)) <= columns


def test_all_of_a_run_is_readable_on_a_small_terminal(studio: CommandLine) -> None:
    text = on_terminal(studio, ("run", "show", RUN), 40)
    assert max(map(text_width, text.splitlines())) <= 40
    assert NAME.replace(" ", "") in re.sub(r"\s", "", text)


def test_az_prints_json_on_a_terminal(studio: CommandLine) -> None:
    assert on_terminal(studio, ("az", "ml", "run", "show", "-r", RUN), 80)[0] == "{"


def test_a_changed_run_is_one_sentence(studio: CommandLine) -> None:
    text = on_terminal(studio, ("run", "tag", RUN, "quality=good"), 80)
    assert text == f"Tags of {RUN}: quality=good.\n"


def test_colors_are_for_terminals(studio: CommandLine) -> None:
    words = ("run", "list", "-e", RUN, "-o", "jsonc")
    assert "\x1b[" in on_terminal(studio, words, 80)
    assert "\x1b[" not in studio(*words).stdout


@pytest.mark.parametrize(
    "words", [("run", "list"), ("run", "logs", RUN), ("run", "export"), ("--help",)]
)
def test_a_reader_that_ends_leaves_no_noise(
    studio: CommandLine, words: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*STUDIO, *words],
        env=studio.base_environment(),
        cwd=studio.folder,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode != 0


def test_ctrl_c_is_one_line(studio: CommandLine) -> None:
    process = subprocess.Popen(
        [*STUDIO, "run", "logs", "-f", RUN],
        env=studio.base_environment(),
        cwd=studio.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "epoch 1\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "Interrupted.\n")
    assert process.returncode == 130
