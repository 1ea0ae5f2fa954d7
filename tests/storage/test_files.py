"""The file store: a blob is whole and on the disk, or not there."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.storage.files import FolderStore
from studio.core.errors import TooLarge


@pytest.fixture
def files(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


def stored(files: FolderStore) -> list[Path]:
    return [path for path in files.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("chunks", [[], [b""], [b"ab", b"c"], [b"x" * 100_000]])
def test_bytes_come_back(files: FolderStore, chunks: list[bytes]) -> None:
    content = b"".join(chunks)
    blob = files.write(chunks, limit=200_000)
    with files.open(blob.name) as file:
        assert file.read() == content
    assert blob.size == len(content)
    assert blob.sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_over_the_limit_leaves_nothing(files: FolderStore) -> None:
    with pytest.raises(TooLarge) as caught:
        files.write([b"12345", b"6"], limit=5)
    assert caught.value.details["limit"] == 5
    assert stored(files) == []


def test_a_file_of_just_the_limit_is_kept(files: FolderStore) -> None:
    assert files.write([b"12345"], limit=5).size == 5


def test_an_upload_that_breaks_off_leaves_nothing(files: FolderStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.write(broken(), limit=100)
    assert stored(files) == []


def test_deleting_twice_is_fine(files: FolderStore) -> None:
    blob = files.write([b"x"], limit=10)
    files.delete(blob.name)
    files.delete(blob.name)
    assert stored(files) == []


def test_only_the_owner_of_the_process_reads_blobs(files: FolderStore) -> None:
    blob = files.write([b"x"], limit=10)
    [path] = stored(files)
    assert path.name == blob.name
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
