"""Files that wait for upload: kept as they were when they were logged.

A small file is copied. A large one is hard-linked, which takes no room; if the script
changes it in place before the upload, a notice says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import (
    Conflict,
    InvalidRequest,
    InvalidState,
    InvalidValue,
    TooLarge,
)
from studio.sdk.client import Client
from studio.sdk.delivery.confined_files import open_below
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.piece_uploads import upload_file
from studio.sdk.delivery.receipts import LostDataCounter
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import StagedFile
from studio.sdk.delivery.writer_queues import WriterQueues

MAX_COPY_BYTES = 64 * 1024 * 1024
#: How often a file that changes during its upload is read.
MAX_READ_ATTEMPTS = 3


def stage_file(folder: Path, source: Path, path: str) -> StagedFile:
    """Keep `source` until it is delivered. Raises OSError if it cannot be read."""
    before = source.stat()
    name = uuid.uuid4().hex
    target = folder / "held" / name
    is_staged = (
        _copy_file(source, target) if before.st_size <= MAX_COPY_BYTES else False
    )
    if not is_staged:
        is_staged = _hard_link(source, target)
    if not is_staged:
        # The upload will read the original, so it must be readable.
        with source.open("rb"):
            name = ""
    found = target.stat() if is_staged else before
    return StagedFile(
        path, name, str(source.absolute()), found.st_size, found.st_mtime_ns
    )


def _copy_file(source: Path, target: Path) -> bool:
    with source.open("rb") as readable:
        try:
            with target.open("xb") as writable:
                shutil.copyfileobj(readable, writable, 1 << 20)
        except OSError:
            # No room: the upload reads the original.
            with contextlib.suppress(OSError):
                target.unlink()
            return False
    return True


def _hard_link(source: Path, target: Path) -> bool:
    try:
        # On Linux, `os.link` would link a symbolic link and not its target.
        os.link(source.resolve(), target)
    except OSError:
        return False
    return True


def deliver_file(
    client: Client, queues: WriterQueues, losses: LostDataCounter, file: StagedFile
) -> None:
    """Upload a file. A permanent refusal is printed and counted as a loss.

    Raises StudioError for temporary failures.
    """
    staged = held_file(queues.folder.path, file.held)
    source = staged if file.held else Path(file.source)
    try:
        _upload_staged_file(client, queues, source, file)
        return
    except OSError as error:
        reason = f"it cannot be read: {error.strerror or error}"
    except (InvalidValue, InvalidRequest, TooLarge, Conflict, InvalidState) as error:
        reason = error.message
    print_notice(f"The file {file.path} was not kept: {reason}")
    losses.add_refused_file()


def stage_snapshot(folder: Path, sources: Path) -> str:
    """Pack the sources into `held/` of a spool folder; returns the archive's name.

    Raises TooLarge and OSError; then no archive is left behind.
    """
    # Imported here, since zipfile would slow down every script's first log call.
    from studio.sdk.snapshot_archive import list_sources, write_archive

    found = list_sources(sources)
    name = uuid.uuid4().hex
    target = folder / "held" / name
    try:
        with target.open("xb") as archive:
            write_archive(found, archive)
    except OSError:
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return name


def held_file(folder: Path, name: str) -> Path:
    """The copy of this name; never a file outside of `held/`."""
    return folder / "held" / Path(name).name


def open_source(folder: SpoolFolder, source: Path) -> BinaryIO:
    """Open a file to deliver. Raises OSError."""
    if folder.confined_to is not None:
        return open_below(folder.confined_to, source)
    return source.open("rb")


def delete_staged(folder: Path, name: str) -> None:
    """Delete the copy of a delivered file, if there is one."""
    if name:
        with contextlib.suppress(OSError):
            held_file(folder, name).unlink()


def _upload_staged_file(
    client: Client, queues: WriterQueues, source: Path, file: StagedFile
) -> None:
    run_path = queues.run_path
    for attempt in range(MAX_READ_ATTEMPTS):
        with open_source(queues.folder, source) as content:
            before = os.fstat(content.fileno())
            try:
                upload_file(
                    client, run_path, file.path, content, before.st_size, attempts=1
                )
            except InvalidValue:
                # The file became shorter during the upload.
                if attempt + 1 == MAX_READ_ATTEMPTS:
                    raise
                continue
            after = os.fstat(content.fileno())
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            break
    if (after.st_size, after.st_mtime_ns) != (file.size, file.changed):
        print_notice(
            f"{file.source} changed after it was logged; {file.path} is as it is now."
        )
