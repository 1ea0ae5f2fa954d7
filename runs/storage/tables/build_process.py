"""The process that parses one table: `python -m runs.storage.tables.build_process`.

A file can make its reader use any amount of memory or stop the process. So it is parsed
outside of the server, with limits of memory and time. The file is the standard input.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from runs.storage.tables.bounded_file import first_bytes
from runs.storage.tables.build import build_table
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.formats import TableFormat, open_reader

#: Bytes of memory, and seconds of processor time, of one process.
MAX_MEMORY_BYTES = 1536 << 20
MAX_CPU_SECONDS = 120
MAX_OUTPUT_BYTES = 2 << 30
#: Processes that parse at the same time.
MAX_PROCESSES = 2
NICENESS = 5

DESCRIPTION, ARRAYS, PROGRESS, ATTEMPTS = "table.json", "table.bin", "rows", "attempts"
LOCK = "lock"


def main(arguments: list[str]) -> None:
    """Parse the standard input; the arguments are folder, format and size.

    The folder's lock and a slot are inherited, and held until the process ends.
    """
    folder, kind, size = arguments
    for limit, value in (
        (resource.RLIMIT_DATA, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, MAX_OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    os.nice(NICENESS)
    os.umask(0o077)
    target = Path(folder)
    with (target / ATTEMPTS).open("ab") as attempts:
        attempts.write(b".")
    description = _parse(target, TableFormat(kind), int(size))
    _replace(target / DESCRIPTION, json.dumps(description).encode())
    (target / ATTEMPTS).unlink()
    (target / PROGRESS).unlink(missing_ok=True)


def _parse(folder: Path, kind: TableFormat, size: int) -> dict[str, Any]:
    def report(rows: int) -> None:
        _replace(folder / PROGRESS, str(rows).encode())

    partial = folder / f"{ARRAYS}.partial"
    try:
        with os.fdopen(0, "rb", closefd=False) as source, partial.open("wb") as output:
            reader = open_reader(first_bytes(source, size), kind)
            description = build_table(reader, output, report)
    except UnreadableTable as error:
        partial.unlink(missing_ok=True)
        return {"fault": error.fault, "reason": error.reason[:200]}
    except MemoryError:
        partial.unlink(missing_ok=True)
        return {"fault": TableFault.LIMITS, "reason": ""}
    partial.rename(folder / ARRAYS)
    return description


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.rename(path)


def take_slot(folder: Path) -> int | None:
    """Lock one of the slots; None if as many processes as are allowed are parsing."""
    for number in range(MAX_PROCESSES):
        slot = lock_file(folder / f"slot-{number}")
        if slot is not None:
            return slot
    return None


def lock_file(path: Path) -> int | None:
    """Return a file that is locked until it is closed; None if it is locked already."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle
    os.close(handle)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
