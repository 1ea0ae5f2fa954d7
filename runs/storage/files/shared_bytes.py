"""Blobs with the same content share their bytes on the disk: hard links of one file.

Each blob keeps its own name, so rows, deletions, backups and the quarantine work as for
separate files: the system frees the bytes with the last name. A blob that is appended
to gets a copy first (`FolderStore.open_to_append`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from collections.abc import Callable
from typing import BinaryIO

from runs.storage.files.deletion_lock import deletions_allowed
from runs.storage.files.folder_store import READ_CHUNK_BYTES, files
from studio.core.errors import MissingBytes
from studio.core.private_files import sync_folder

#: The file system has no hard links, or this file has as many as it can have.
NOT_LINKABLE = {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV}


def share_bytes(kept: str, other: str, are_equal: Callable[[], bool]) -> int:
    """Let `other` share the bytes of `kept`; return how many bytes this frees.

    It returns 0 if they share them already, if they differ, if either is in use by a
    writer, if the file system can't, or during a backup. Once both are locked,
    `are_equal` checks that their rows still have the same content. Raises OSError.
    """
    try:
        with files.open(kept) as one, files.open(other) as two:
            opened = _state_of(one), _state_of(two)
            known = os.fstat(one.fileno())
            is_shared = os.path.samestat(known, os.fstat(two.fileno()))
            # Compared before they are locked: that can take minutes, and neither an
            # append nor a backup must wait for it.
            if is_shared or not _have_same_bytes(one, two):
                return 0
            with deletions_allowed() as is_allowed:
                for each in (one, two):
                    # An append locks a blob, so none can start until the end.
                    fcntl.flock(each, fcntl.LOCK_SH | fcntl.LOCK_NB)
                is_settled = opened == (_state_of(one), _state_of(two))
                if not (is_allowed and is_settled and are_equal()):
                    return 0
                return known.st_size if _replace_by_link(kept, other) else 0
    except (MissingBytes, BlockingIOError):
        return 0


def _state_of(file: BinaryIO) -> tuple[int, int]:
    """What a write changes."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _have_same_bytes(one: BinaryIO, two: BinaryIO) -> bool:
    # Never by their hashes alone: one of the two can be damaged.
    if os.fstat(one.fileno()).st_size != os.fstat(two.fileno()).st_size:
        return False
    while chunk := one.read(READ_CHUNK_BYTES):
        if chunk != two.read(READ_CHUNK_BYTES):
            return False
    return True


def _replace_by_link(kept: str, other: str) -> bool:
    target = files.path(other)
    # Not yet in its final folder: its upload is just ending.
    if not target.exists():
        return False
    link = files.incoming_path(uuid.uuid4().hex)
    try:
        os.link(files.path(kept), link)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in NOT_LINKABLE:
            return False
        raise
    # A crash before this leaves the link, which the sweep deletes.
    link.replace(target)
    sync_folder(target.parent)
    return True
