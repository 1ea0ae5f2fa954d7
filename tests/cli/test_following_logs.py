"""`studio run logs -f`: all of a log, once, whatever happens to the server."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.command import STUDIO, CommandLine, command_line, new_run
from tests.parts.server import Server, copy_prepared_home, start
from tests.parts.wire import Connection

LOG = "logs/user_log.txt"


def append(server: Server, run_id: str, offset: int, content: bytes) -> None:
    path = f"/api/v1/workspaces/default/runs/{run_id}/files/{LOG}?offset={offset}"
    Connection(server).ask("PATCH", path, content)


def end(server: Server, run_id: str) -> None:
    Connection(server).rest("POST", f"/runs/{run_id}/status", {"status": "Completed"})


def follow(studio: CommandLine, run_id: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*STUDIO, "run", "logs", "-f", run_id],
        env=studio.base_environment(),
        cwd=studio.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


def test_what_is_logged_later_is_printed_too(
    studio: CommandLine, server: Server
) -> None:
    new_run(server, "followed", "following")
    text = "epoch 1\nпервый 名\nlast".encode()
    append(server, "followed", 0, text[:8])
    process = follow(studio, "followed")
    assert process.stdout is not None
    found = process.stdout.readline()
    # The second part ends within a character.
    for first, last in ((8, 11), (11, len(text))):
        append(server, "followed", first, text[first:last])
    end(server, "followed")
    rest, errors = process.communicate(timeout=60)
    assert (found + rest, errors) == (text, b"")
    assert process.returncode == 0


def test_a_restart_of_the_server_is_awaited(tmp_path: Path) -> None:
    home = tmp_path / "home"
    copy_prepared_home(home)
    server = start(home)
    try:
        new_run(server, "followed", "following")
        append(server, "followed", 0, b"one\n")
        process = follow(command_line(server, tmp_path), "followed")
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"one\n"
        server.stop()
        warning = process.stderr.readline()
        assert b"Trying again until it answers." in warning
        server = start(home, port=urlsplit(server.url).port or 0)
        append(server, "followed", 4, b"two\n")
        end(server, "followed")
        rest, _ = process.communicate(timeout=60)
        assert (rest, process.returncode) == (b"two\n", 0)
    finally:
        server.stop()
