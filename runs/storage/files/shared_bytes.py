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

from runs.storage.files.folder_store import READ_CHUNK_BYTES, files
from studio.core.errors import MissingBytes
from studio.core.private_files import sync_folder

#: The file system has no hard links, or this file has as many as it can have.
NOT_LINKABLE = {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV}


def share_bytes(kept: str, other: str, are_equal: Callable[[], bool]) -> int:
    """Let `other` share the bytes of `kept`; return how many bytes this frees.

    It returns 0 if they share them already, if they differ, if either is in use by a
    writer, or if the file system can't. Once both are locked, `are_equal` checks that
    their rows still have the same content. Raises OSError.
    """
    try:
        with files.open(kept) as one, files.open(other) as two:
            opened, known = os.fstat(one.fileno()), os.fstat(two.fileno())
            if os.path.samestat(opened, known) or opened.st_size != known.st_size:
                return 0
            for each in (one, two):
                # An append locks a blob, so none can start until the end.
                fcntl.flock(each, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if not are_equal():
                return 0
            while chunk := one.read(READ_CHUNK_BYTES):
                # Never by their hashes alone: one of the two can be damaged.
                if chunk != two.read(READ_CHUNK_BYTES):
                    return 0
            return known.st_size if _replace_by_link(kept, other) else 0
    except (MissingBytes, BlockingIOError):
        return 0


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
