"""The folder of a job on the other machine, by which its parts find each other.

Next to the runner's files it has: `start.sh`, and its process in `starter.json`;
`keeper.lock`, which the keeper holds, and its process in `keeper.json`; also
`delivery.json`, with which it delivers what the runner left; `stopped`, after which
nothing starts any more; and `result.json`, when all is over.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.job_files import is_locked, lock_file, process_start
from studio.core.private_files import write_private

SCRIPT_FILE, START_LOG = "start.sh", "start.log"
STARTER_FILE, KEEPER_FILE = "starter.json", "keeper.json"
DELIVERY_FILE, STOPPED_FILE, RESULT_FILE = "delivery.json", "stopped", "result.json"
_LOCK_FILE = "keeper.lock"


def lock_keeper(folder: Path) -> int | None:
    """Lock the folder for its keeper; None if one has it. Raises OSError."""
    return lock_file(folder / _LOCK_FILE)


def is_keeper_alive(folder: Path) -> bool:
    """Whether a keeper has the folder."""
    return is_locked(folder / _LOCK_FILE)


def note_process(folder: Path, name: str, pid: int, **more: str) -> None:
    """Write which process it is. Raises OSError."""
    content = {"pid": pid, "started": process_start(pid), **more}
    write_private(folder / name, json.dumps(content))


def living_process(folder: Path, name: str) -> int | None:
    """The process that `note_process` wrote, if it still lives."""
    found = read_place(folder, name)
    pid, started = found.get("pid"), found.get("started")
    if not isinstance(pid, int) or not started or process_start(pid) != started:
        return None
    return pid


def read_place(folder: Path, name: str) -> dict[str, Any]:
    """The content of a file of JSON; empty if it is missing or damaged."""
    with contextlib.suppress(OSError, ValueError):
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
    return {}


def write_place(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    """Raises OSError."""
    write_private(folder / name, json.dumps(content))
