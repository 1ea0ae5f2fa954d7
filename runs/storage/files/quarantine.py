"""Files that are about to be deleted: they stay in `quarantine/` for a week.

The modification time of a file there is when it was moved.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from runs.storage.files.folder_store import INCOMING, QUARANTINE, files, is_blob_name
from studio.core.private_files import sync_folder


def incoming_blobs_before(time_ms: int) -> Iterator[str]:
    """List blobs in `incoming/` that were last written before `time_ms`."""
    return _list_blobs_older_than(files.root / INCOMING, time_ms)


def quarantined_blobs_before(time_ms: int) -> Iterator[str]:
    return _list_blobs_older_than(files.root / QUARANTINE, time_ms)


def list_quarantined() -> Iterator[str]:
    names = (path.name for path in (files.root / QUARANTINE).glob("*"))
    return filter(is_blob_name, names)


def move_to_quarantine(name: str, now: int) -> bool:
    """Move a stored blob to `quarantine/`; returns False if it does not exist."""
    target = _make_folder() / name
    files.delete_derived(name)
    for source in (files.path(name), files.incoming_path(name)):
        with contextlib.suppress(FileNotFoundError):
            # The time is set first, so a crash in between does not shorten the week.
            os.utime(source, (now / 1000, now / 1000))
            source.rename(target)
            sync_folder(target.parent)
            sync_folder(source.parent)
            return True
    return False


def delete_quarantined(name: str) -> None:
    (files.root / QUARANTINE / name).unlink(missing_ok=True)


def _list_blobs_older_than(folder: Path, time_ms: int) -> Iterator[str]:
    for path in sorted(folder.glob("*")):
        with contextlib.suppress(FileNotFoundError):
            if is_blob_name(path.name) and path.stat().st_mtime * 1000 < time_ms:
                yield path.name


def _make_folder() -> Path:
    folder = files.root / QUARANTINE
    if not folder.is_dir():
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
    return folder
