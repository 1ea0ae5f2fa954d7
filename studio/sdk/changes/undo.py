"""Undo change sets: one, the last one of the token, all of a token since a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from studio.sdk.changes.activity import Change
from studio.sdk.changes.background_tasks import wait_for_task
from studio.sdk.connection import WorkspaceConnection


def undo_change(
    connection: WorkspaceConnection,
    change: Change | int | None,
    anyway: bool,
    *,
    wait: bool,
) -> int | None:
    """Return the number of the undo's own change set, None if nothing was restored."""
    number = change.number if isinstance(change, Change) else change
    path = "undo" if number is None else f"changes/{number}/undo"
    reply = connection.change("POST", path, {"anyway": anyway})
    if reply.get("task") and wait:
        reply = wait_for_task(connection.get, reply["task"])
    found: int | None = reply["change_set"]
    return found


def undo_token_changes(
    connection: WorkspaceConnection,
    token: str,
    since: datetime,
    dry_run: bool,
    wait: bool,
) -> dict[str, Any]:
    """Raises ValueError for a time without a time zone."""
    if since.tzinfo is None:
        raise ValueError("since needs a time zone, for example timezone.utc.")
    body = {
        "token": token,
        "since": round(since.timestamp() * 1000),
        "dry_run": dry_run,
    }
    reply: dict[str, Any] = connection.change("POST", "undo/since", body)
    if reply.get("task") and wait:
        reply = dict(wait_for_task(connection.get, reply["task"]))
    return reply
