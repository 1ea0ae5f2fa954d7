"""Waiting for a change that the server makes in the background."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from studio.sdk.errors import UserErrorException

OPEN_STATES = ("waiting", "running")
#: Between two requests: short at first.
FIRST_PAUSE_SECONDS, PAUSE_SECONDS = 0.2, 1.0


def follow_task(
    get: Callable[..., Any], task: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yield the state of a task repeatedly, until it has ended."""
    pause = FIRST_PAUSE_SECONDS
    yield task
    while task["state"] in OPEN_STATES:
        time.sleep(pause)
        pause = min(pause * 1.5, PAUSE_SECONDS)
        task = get(f"tasks/{task['id']}")
        yield task


def wait_for_task(
    get: Callable[..., Any],
    task: Mapping[str, Any],
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Wait until a task has ended, with its progress on a terminal; return it.

    `progress` gets how much is done, and of how much, instead of that.
    Raises UserErrorException if it failed or was stopped.
    """
    ended = task
    has_progress = progress is None and sys.stderr.isatty()
    for ended in follow_task(get, task):
        if progress is not None:
            progress(ended["position"], ended["total"])
        if has_progress:
            _show(progress_text(ended))
    if has_progress:
        _show("")
    if ended["state"] != "done":
        raise UserErrorException(
            f"Background task {ended['id']}: {ended['state']}, "
            f"{progress_text(ended)}. {ended['error']}".rstrip()
        )
    return dict(ended)


def _show(text: str) -> None:
    sys.stderr.write(f"\r{text}\033[K")
    sys.stderr.flush()


def progress_text(task: Mapping[str, Any]) -> str:
    done, total = task["position"], task["total"]
    percent = done * 100 // total if total else 0
    return f"{done:,} of {total:,} ({percent} %)"
