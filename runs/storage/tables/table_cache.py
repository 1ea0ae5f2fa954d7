"""Parsed tables: small ones in memory, others on the disk next to their blob.

A parsed table is the blob's derived data: it is deleted with the blob, and the tables
that were opened longest ago are deleted when all take more than `MAX_CACHE_BYTES`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from runs.storage.files import DERIVED, files
from runs.storage.tables.bounded_file import first_bytes
from runs.storage.tables.build import build_table
from runs.storage.tables.build_process import (
    ARRAYS,
    ATTEMPTS,
    DESCRIPTION,
    LOCK,
    PROGRESS,
    lock_file,
    take_slot,
)
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.formats import TableFormat, open_reader
from runs.storage.tables.json_documents import LoggedRows
from runs.storage.tables.stored_table import LAYOUT, StoredTable, table_from

#: A text file up to this size is parsed by the request itself.
MAX_SMALL_BYTES = 1 << 20
#: Small tables that stay in memory, per server process.
KEPT_TABLES = 8
#: Bytes of all parsed tables on the disk.
MAX_CACHE_BYTES = 4 << 30
#: A file that stopped this many processes is not read again.
MAX_ATTEMPTS = 2
#: How long a request waits for a table to be parsed.
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.02
_COPIED_BYTES = 1 << 20
_FOLDER_PREFIX = "table-"


@dataclass(frozen=True)
class TableSource:
    """A stored file that is a table.

    `part` names a file within the blob, which is then an archive. The content is the
    first `size` bytes of what `open` returns.
    """

    blob: str
    size: int
    format: TableFormat
    open: Callable[[], AbstractContextManager[BinaryIO]] = field(compare=False)
    part: str = ""

    @property
    def folder(self) -> Path:
        identity = f"{self.part}\0{self.size}\0{self.format}\0{LAYOUT}".encode()
        name = f"{_FOLDER_PREFIX}{hashlib.sha256(identity).hexdigest()[:24]}"
        return files.derived_folder(self.blob) / name


@dataclass(frozen=True)
class TableProgress:
    """The table is being parsed, or waits for its turn (`rows` is None)."""

    rows: int | None


def open_table(
    source: TableSource, wait_seconds: float = WAIT_SECONDS
) -> StoredTable | TableProgress:
    """Open the table, and parse it if that has not been done.

    Raises UnreadableTable, MissingBytes, OSError.
    """
    if source.size <= MAX_SMALL_BYTES and not source.format.is_binary:
        if source.blob:
            return _small_tables.get(source)
        with source.open() as content:
            return parse_in_memory(content, source.size, source.format)
    return _open_stored(source) or _parse_in_process(source, wait_seconds)


class _SmallTables:
    """The small tables that were opened last."""

    def __init__(self) -> None:
        self._tables: OrderedDict[TableSource, StoredTable] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, source: TableSource) -> StoredTable:
        with self._lock:
            found = self._tables.pop(source, None)
        # Opened even if it is kept: a blob that was deleted is not shown.
        with source.open() as content:
            table = found or parse_in_memory(content, source.size, source.format)
        with self._lock:
            self._tables[source] = table
            while len(self._tables) > KEPT_TABLES:
                self._tables.popitem(last=False)
        return table


_small_tables = _SmallTables()


def parse_in_memory(source: BinaryIO, size: int, kind: TableFormat) -> StoredTable:
    """Parse a small file here. Raises UnreadableTable."""
    output = io.BytesIO()
    description = build_table(open_reader(first_bytes(source, size), kind), output)
    return table_from(description, output.getvalue())


def table_of_logged_rows(rows: Sequence[Any]) -> StoredTable:
    """Return rows that a run logged as a table; they are never stored.

    Raises UnreadableTable if no row is an object.
    """
    output = io.BytesIO()
    description = build_table(LoggedRows(rows), output)
    return table_from(description, output.getvalue())


def _open_stored(source: TableSource) -> StoredTable | None:
    path = source.folder / DESCRIPTION
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    if time.time_ns() - changed > 3600 * 10**9:
        # The tables that were opened longest ago are deleted first.
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)
            changed = path.stat().st_mtime_ns
    try:
        return _map_table(source.folder, changed)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=16)
def _map_table(folder: Path, _changed: int) -> StoredTable:
    description = json.loads((folder / DESCRIPTION).read_bytes())
    if "fault" in description:
        raise UnreadableTable(TableFault(description["fault"]), description["reason"])
    with (folder / ARRAYS).open("rb") as arrays:
        content = mmap.mmap(arrays.fileno(), 0, access=mmap.ACCESS_READ)
    return table_from(description, content)


def _parse_in_process(
    source: TableSource, wait_seconds: float
) -> StoredTable | TableProgress:
    deadline = time.monotonic() + wait_seconds
    while True:
        is_waiting = not _start_if_idle(source)
        found = _open_stored(source)
        if found is not None:
            return found
        if is_waiting or time.monotonic() > deadline:
            return TableProgress(_rows_read(source.folder))
        time.sleep(_POLL_SECONDS)


def _start_if_idle(source: TableSource) -> bool:
    """Start the process unless one parses this table; False if it has to wait.

    Raises UnreadableTable if it was stopped too often.
    """
    folder = source.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_file(folder / LOCK)
    if lock is None:
        return True
    slot = take_slot(files.root / DERIVED)
    try:
        # Another process can have ended just now.
        if (folder / DESCRIPTION).exists():
            return True
        if _attempts(folder) >= MAX_ATTEMPTS:
            raise UnreadableTable(TableFault.LIMITS)
        if slot is None:
            return False
        _start(source, (lock, slot))
    finally:
        # The process has inherited them, and holds the locks until it ends.
        os.close(lock)
        if slot is not None:
            os.close(slot)
    return True


def _start(source: TableSource, locks: tuple[int, int]) -> None:
    delete_oldest(MAX_CACHE_BYTES)
    with source.open() as content, _as_system_file(content, source.size) as handle:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "runs.storage.tables.build_process"),
                *(str(source.folder), source.format.value, str(source.size)),
            ],
            stdin=handle,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            pass_fds=locks,
            # One thread sorts; more would only reserve memory.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "RUST_BACKTRACE": "0"},
        )
    # Without a parent that waits, an ended process stays in the system's table.
    threading.Thread(target=process.wait, daemon=True).start()


@contextlib.contextmanager
def _as_system_file(content: BinaryIO, size: int) -> Iterator[BinaryIO]:
    """Yield the content as a file that a process can inherit."""
    try:
        content.fileno()
    except OSError:
        # A file of an archive. Its recorded size can be wrong.
        with tempfile.TemporaryFile(dir=files.root / DERIVED) as copy:
            while size > 0 and (piece := content.read(min(size, _COPIED_BYTES))):
                copy.write(piece)
                size -= len(piece)
            copy.seek(0)
            yield copy
    else:
        yield content


def _attempts(folder: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return (folder / ATTEMPTS).stat().st_size
    return 0


def _rows_read(folder: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int((folder / PROGRESS).read_bytes())
    return None


def delete_oldest(max_bytes: int) -> None:
    """Delete the tables that were opened longest ago, until all take `max_bytes`."""
    sizes = {
        folder: sum(path.stat().st_size for path in folder.iterdir())
        for folder in (files.root / DERIVED).glob(f"??/*/{_FOLDER_PREFIX}*")
        if (folder / DESCRIPTION).exists()
    }
    total = sum(sizes.values())
    for folder in sorted(sizes, key=_opened):
        if total <= max_bytes:
            break
        shutil.rmtree(folder, ignore_errors=True)
        total -= sizes[folder]


def _opened(folder: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return (folder / DESCRIPTION).stat().st_mtime_ns
    return 0
