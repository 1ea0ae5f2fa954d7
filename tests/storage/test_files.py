"""The file store: a blob is whole and on the disk, or not there."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISREG

import pytest

from runs.storage.files import deletion_lock, folder_store, quarantine
from runs.storage.files.folder_store import FolderStore
from studio.core.errors import MissingBytes, TooLarge


@pytest.fixture
def files(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


def stored(files: FolderStore) -> list[Path]:
    return [path for path in files.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("chunks", [[], [b""], [b"ab", b"c"], [b"x" * 100_000]])
def test_a_blob_is_read_back(files: FolderStore, chunks: list[bytes]) -> None:
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


def test_an_interrupted_upload_leaves_nothing(files: FolderStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.write(broken(), limit=100)
    assert stored(files) == []


def test_deleting_twice_is_not_an_error(files: FolderStore) -> None:
    blob = files.write([b"x"], limit=10)
    files.delete(blob.name)
    files.delete(blob.name)
    assert stored(files) == []


def test_only_the_user_of_the_process_can_read_blobs(files: FolderStore) -> None:
    blob = files.write([b"x"], limit=10)
    [path] = stored(files)
    assert path.name == blob.name
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_new_blob_is_read_where_it_is_until_it_is_kept(files: FolderStore) -> None:
    blob = files.write([b"abc"], limit=10)
    assert [path.parent.name for path in stored(files)] == ["incoming"]
    assert b"".join(files.read_chunks(blob.name, 3)) == b"abc"
    for _again in range(2):
        files.keep(blob.name)
        assert [path.parent.name for path in stored(files)] == [blob.name[:2]]
        assert b"".join(files.read_chunks(blob.name, 3)) == b"abc"


def test_readers_and_log_appends_continue_while_a_blob_is_moved(
    files: FolderStore,
) -> None:
    blob = files.write([b"abc"], limit=10)
    with files.open(blob.name) as reader, files.open_to_append(blob.name) as grow:
        files.keep(blob.name)
        grow(3, b"def")
        assert reader.read() == b"abcdef"


class MovedInBetween(FolderStore):
    """Another process keeps each blob between a reader's first and second look."""

    def _candidate_paths(self, name: str) -> Iterable[Path]:
        first, *others = super()._candidate_paths(name)
        yield first
        if self.incoming_path(name).exists():
            self.keep(name)
        yield from others


def test_a_blob_moved_during_the_lookup_is_found(files: FolderStore) -> None:
    store = MovedInBetween(files.root)
    read, deleted = (store.write([b"abc"], limit=10).name for _ in range(2))
    store.open(read, 3).close()
    store.delete(deleted)
    assert [path.name for path in stored(files)] == [read]


def test_a_kept_blob_cannot_be_discarded(files: FolderStore) -> None:
    kept, refused = files.write([b"1"], 10), files.write([b"2"], 10)
    files.keep(kept.name)
    for blob in (kept, refused):
        files.discard(blob.name)
    assert [path.name for path in stored(files)] == [kept.name]


@pytest.mark.parametrize("is_kept", [True, False])
def test_missing_and_truncated_blobs_are_the_same_error(
    files: FolderStore, is_kept: bool
) -> None:
    blob = files.write([b"abc"], limit=10)
    if is_kept:
        files.keep(blob.name)
    assert files.is_whole(blob.name, 3)
    assert not files.is_whole(blob.name, 4)
    with pytest.raises(MissingBytes):
        files.read_chunks(blob.name, 4)
    with files.open_to_append(blob.name) as grow, pytest.raises(MissingBytes):
        grow(4, b"x")
    files.delete(blob.name)
    for ask in (files.open, files.keep):
        with pytest.raises(MissingBytes):
            ask(blob.name)
    with pytest.raises(MissingBytes), files.open_to_append(blob.name):
        pass


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What was forced to the disk: its inode, and the size of a file."""
    found: list[tuple[int, int]] = []
    fsync = os.fsync

    def recorded(handle: int) -> None:
        facts = os.fstat(handle)
        found.append((facts.st_ino, facts.st_size if S_ISREG(facts.st_mode) else 0))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recorded)
    return found


def inode(path: Path) -> int:
    return path.stat().st_ino


def test_a_log_that_is_appended_to_is_locked_for_other_processes(
    files: FolderStore,
) -> None:
    blob = files.write([b"abc"], limit=10)
    with files.incoming_path(blob.name).open("rb") as other:
        with files.open_to_append(blob.name), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_blob_is_flushed_before_its_row_is_written(
    files: FolderStore, synced: list[tuple[int, int]]
) -> None:
    blob = files.write([b"abc", b"def"], limit=10)
    path = files.incoming_path(blob.name)
    assert synced[-2:] == [(inode(path), 6), (inode(path.parent), 0)]
    files.keep(blob.name)
    assert synced[-1] == (inode(files.path(blob.name).parent), 0)


def test_a_log_is_flushed_before_its_bytes_are_acknowledged(
    files: FolderStore, synced: list[tuple[int, int]]
) -> None:
    blob = files.write([b"abc"], limit=10)
    with files.open_to_append(blob.name) as grow:
        synced.clear()
        grow(3, b"defg")
        assert synced == [(inode(files.incoming_path(blob.name)), 7)]


def test_deletions_wait_for_no_backup_before_the_first_file(files_dir: Path) -> None:
    with deletion_lock.deletions_allowed() as is_allowed:
        assert is_allowed
    assert files_dir.stat().st_mode & 0o777 == 0o700
    with deletion_lock.hold_deletions(), deletion_lock.deletions_allowed() as allowed:
        assert not allowed
    with deletion_lock.deletions_allowed(), deletion_lock.deletions_allowed() as again:
        assert again


def test_a_blob_in_quarantine_is_on_the_disk(
    files_dir: Path, synced: list[tuple[int, int]]
) -> None:
    store = folder_store.files
    for _ in range(2):
        name = store.write([b"abc"], limit=10).name
        synced.clear()
        assert quarantine.move_to_quarantine(name, 1_000)
        folders = {
            inode(store.incoming_path(name).parent),
            inode(files_dir / "quarantine"),
        }
        assert folders <= {number for number, _ in synced}
    assert not quarantine.move_to_quarantine("0" * 32, 1_000)


def test_the_folder_of_quarantine_is_on_the_disk_before_its_files(
    files_dir: Path, synced: list[tuple[int, int]]
) -> None:
    name = folder_store.files.write([b"abc"], limit=10).name
    synced.clear()
    quarantine.move_to_quarantine(name, 1_000)
    assert synced[0] == (inode(files_dir), 0)
    assert (files_dir / "quarantine").stat().st_mode & 0o777 == 0o700
