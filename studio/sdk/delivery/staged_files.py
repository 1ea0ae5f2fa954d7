"""Files on their way: kept as they were when they were logged, then uploaded.

A small file is copied; a large one is linked, which takes no room, and if it is changed
in place afterwards a sentence says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from studio.core.errors import (
    Conflict,
    InvalidRequest,
    InvalidState,
    InvalidValue,
    TooLarge,
)
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.records import HeldFile

if TYPE_CHECKING:
    from studio.sdk.delivery.sender import Courier


#: Up to here a file is copied.
COPY_BYTES = 64 * 1024 * 1024
#: How often a file that changes while it is read is read again.
READINGS = 3


def hold(folder: Path, source: Path, path: str) -> HeldFile:
    """Keep `source` until it is delivered. Raises OSError if it cannot be read."""
    before = source.stat()
    name = uuid.uuid4().hex
    target = folder / "held" / name
    held = _copy(source, target) if before.st_size <= COPY_BYTES else False
    if not held:
        held = _link(source, target)
    if not held:
        with source.open("rb"):
            name = ""
    found = target.stat() if held else before
    return HeldFile(
        path, name, str(source.absolute()), found.st_size, found.st_mtime_ns
    )


def _copy(source: Path, target: Path) -> bool:
    with source.open("rb") as readable:
        try:
            with target.open("xb") as writable:
                shutil.copyfileobj(readable, writable, 1 << 20)
        except OSError:
            # No room: it is read from where it lies.
            with contextlib.suppress(OSError):
                target.unlink()
            return False
    return True


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source.resolve(), target)
    except OSError:
        return False
    return True


def deliver_file(courier: Courier, file: HeldFile) -> None:
    """Upload it; what cannot ever be is told and counted. Raises what may pass."""
    held = courier.place.folder / "held" / file.held
    source = held if file.held else Path(file.source)
    try:
        _upload(courier, source, file)
    except OSError as error:
        _refuse(courier, file, f"it cannot be read: {error.strerror or error}")
    except (InvalidValue, InvalidRequest, TooLarge, Conflict, InvalidState) as error:
        _refuse(courier, file, error.message)


def drop_held(folder: Path, name: str) -> None:
    """Remove the copy of what is delivered, where there is one."""
    if name:
        with contextlib.suppress(OSError):
            (folder / "held" / name).unlink()


def _upload(courier: Courier, source: Path, file: HeldFile) -> None:
    for reading in range(READINGS):
        with source.open("rb") as content:
            before = os.fstat(content.fileno())
            path = f"{courier.base}/files/{quote(file.path, safe='/')}"
            try:
                courier.client.upload(path, content, before.st_size, attempts=1)
            except InvalidValue:
                # It became shorter meanwhile.
                if reading + 1 == READINGS:
                    raise
                continue
            after = os.fstat(content.fileno())
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            break
    now = (after.st_size, after.st_mtime_ns)
    if now != (file.size, file.changed):
        tell(f"{file.source} changed after it was logged; {file.path} is as it is now.")


def _refuse(courier: Courier, file: HeldFile, why: str) -> None:
    tell(f"The file {file.path} was not kept: {why}")
    courier.losses.refuse_file()
