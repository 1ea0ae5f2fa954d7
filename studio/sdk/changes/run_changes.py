"""Move a run and its tree to another experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.sdk.changes.background_tasks import wait_for_task
from studio.sdk.errors import UserErrorException

#: Why a run stays where it is, as sentences say it.
_REASONS = {
    "child": "a child run moves only with its root",
    "locked": "it is locked",
    "tree_locked": "another run of its tree is locked",
    "trashed": "it is in the trash",
}


def move_run(
    get: Callable[..., Any], change: Callable[..., Any], run_id: str, experiment: str
) -> None:
    """Wait for the move of a large tree; raise UserErrorException if it can't move."""
    body = {"action": "move", "ids": [run_id], "to": experiment, "create": True}
    reply = change("POST", "bulk", body)
    if reply.get("task"):
        reply = wait_for_task(get, reply["task"])
    skipped = reply["skipped"]
    why = next((each for each in skipped if each != "same"), "")
    if why:
        raise UserErrorException(
            f"The run {run_id} was not moved: {_REASONS.get(why, why)}."
        )
