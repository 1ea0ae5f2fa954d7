"""Files that change between their logging and their delivery."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from studio.core.errors import InvalidValue
from studio.sdk.delivery import staged_files
from studio.sdk.delivery.spool_records import StagedFile
from studio.sdk.delivery.staged_files import deliver_file, stage_file


class Kept:
    """Takes uploads; `during_read` happens while the first one is read."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []
        self.during_read: Any = None

    def upload(self, _path: str, source: BinaryIO, size: int, **_how: Any) -> None:
        content = source.read(size)
        if self.during_read is not None:
            act, self.during_read = self.during_read, None
            act()
        if len(content) < size:
            raise InvalidValue("It became shorter")
        self.contents.append(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "held").mkdir()
    return tmp_path


def deliver(folder: Path, client: Kept, file: StagedFile) -> list[str]:
    """Returns what was lost."""
    lost: list[str] = []
    losses: Any = SimpleNamespace(add_refused_file=lambda: lost.append("file"))
    queues: Any = SimpleNamespace(
        folder=SimpleNamespace(path=folder, confined_to=None), run_path="runs/r1"
    )
    taking: Any = client
    deliver_file(taking, queues, losses, file)
    return lost


def test_a_file_is_sent_as_it_was_when_it_was_logged(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    (folder / "model").write_bytes(b"second, longer")
    client = Kept()
    deliver(folder, client, held)
    assert client.contents == [b"first"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("limit", "content"), [(5, b"first"), (4, b"second")])
def test_a_file_over_the_limit_of_copies_is_linked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: int, content: bytes
) -> None:
    monkeypatch.setattr(staged_files, "MAX_COPY_BYTES", limit)
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    (folder / "model").write_bytes(b"second")
    client = Kept()
    deliver(folder, client, held)
    assert client.contents == [content]


def test_a_linked_file_survives_its_deletion(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(staged_files, "MAX_COPY_BYTES", 0)
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    (folder / "model").unlink()
    client = Kept()
    assert deliver(folder, client, held) == []
    assert client.contents == [b"first"]
    assert capfd.readouterr().err == ""


def no_room(*_words: object) -> None:
    raise OSError(errno.ENOSPC, "full")


def test_a_file_without_room_for_a_copy_is_sent_from_where_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "copyfileobj", no_room)
    monkeypatch.setattr(os, "link", no_room)
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    assert list((folder / "held").iterdir()) == []
    client = Kept()
    deliver(folder, client, held)
    assert client.contents == [b"first"]


def test_a_file_that_shrinks_in_every_attempt_is_lost(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class Shrinking(Kept):
        attempts = 0

        def upload(self, *_words: Any, **_how: Any) -> None:
            self.attempts += 1
            raise InvalidValue("It became shorter")

    (folder / "model").write_bytes(b"first")
    client = Shrinking()
    held = stage_file(folder, folder / "model", "model")
    assert deliver(folder, client, held) == ["file"]
    assert client.attempts == staged_files.MAX_READ_ATTEMPTS
    assert "The file model was not kept: It became shorter" in capfd.readouterr().err


def test_a_changed_large_file_is_sent_and_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(staged_files, "MAX_COPY_BYTES", 0)
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    (folder / "model").write_bytes(b"second, longer")
    client = Kept()
    deliver(folder, client, held)
    assert client.contents == [b"second, longer"]
    assert "model changed after it was logged" in capfd.readouterr().err


def test_a_file_that_changes_during_the_copy_is_copied_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(staged_files, "MAX_COPY_BYTES", 0)
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    client = Kept()
    client.during_read = lambda: (folder / "model").write_bytes(b"second, longer")
    deliver(folder, client, held)
    assert client.contents == [b"first", b"second, longer"]
    assert "is as it is now" in capfd.readouterr().err


def test_a_deleted_file_is_reported_and_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(staged_files, "MAX_COPY_BYTES", 0)
    (folder / "model").write_bytes(b"first")
    held = stage_file(folder, folder / "model", "model")
    (folder / "held" / held.held).unlink()
    assert deliver(folder, Kept(), held) == ["file"]
    assert "The file model was not kept: it cannot be read" in capfd.readouterr().err
