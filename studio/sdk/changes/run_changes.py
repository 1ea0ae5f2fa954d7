"""Move a run and its tree to another experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.sdk.errors import UserErrorException

#: Why a run stays where it is, as sentences say it.
_REASONS = {
    "child": "a child run moves only with its root",
    "locked": "it is locked",
    "tree_locked": "another run of its tree is locked",
    "trashed": "it is in the trash",
}


def move_run(change: Callable[..., Any], run_id: str, experiment: str) -> None:
    """Raises UserErrorException if the run can't move."""
    body = {"action": "move", "ids": [run_id], "to": experiment, "create": True}
    skipped = change("POST", "bulk", body)["skipped"]
    why = next((each for each in skipped if each != "same"), "")
    if why:
        raise UserErrorException(
            f"The run {run_id} was not moved: {_REASONS.get(why, why)}."
        )
