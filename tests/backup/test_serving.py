"""A backup of a server at work, and a server on what was restored."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.backup.homes import Home
from tests.bench.reliability.kill import Writer, new_writer
from tests.parts.postgres import fresh_database
from tests.parts.server import Server, running
from tests.parts.wire import Connection

#: Each takes seconds: of all tests of backups, half run in each sample.


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_has_everything_acknowledged_before_it_began(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    old, new = two_homes(tmp_path, request, kind)
    backups = tmp_path / "backups"
    with running(old.path, env=old.env) as server:
        writer = new_writer(Connection(server), seed=7)
        thread = threading.Thread(target=writer.write, args=(server,))
        thread.start()
        wait_files(writer, 3)
        before = acknowledged(writer)
        old.succeed("backup", str(backups))
        after = acknowledged(writer)
        assert "match" in old.succeed("verify")
        server.stop()
    thread.join(60)
    assert after[0] > before[0], "the server answered nothing during the backup"
    new.succeed("restore", str(backups))
    assert "match" in new.succeed("verify", "--full")
    with running(new.path, env=new.env) as server:
        assert missing(server, writer, *before) == []


def two_homes(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> tuple[Home, Home]:
    homes = []
    for name in ("old", "new"):
        env = {}
        if kind == "postgresql":
            env["DATABASE_URL"] = fresh_database(request.getfixturevalue("postgres"))
        (tmp_path / name).mkdir()
        homes.append(Home(tmp_path / name, env))
    return homes[0], homes[1]


def acknowledged(writer: Writer) -> tuple[int, dict[str, bytes]]:
    return writer.acknowledged, dict(writer.files)


def wait_files(writer: Writer, count: int) -> None:
    end = threading.Event()
    for _ in range(600):
        if len(writer.files) >= count or writer.error:
            break
        end.wait(0.1)
    assert len(writer.files) >= count, writer.error


def missing(
    server: Server, writer: Writer, batches: int, files: dict[str, bytes]
) -> list[str]:
    """What the old server had acknowledged before the backup and this one lacks."""
    known = Writer(writer.run_id, writer.artifacts, writer.seed)
    known.acknowledged, known.files = batches, files
    return known.missing(Connection(server))
