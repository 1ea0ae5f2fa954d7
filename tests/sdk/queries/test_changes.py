"""Locks, moves, the activity and undo of a script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from studio.core.errors import InvalidState
from studio.sdk import UserErrorException, Workspace
from studio.sdk.client import Client


def test_a_run_is_locked_moved_and_everything_undone(
    client: Client, workspace: Workspace
) -> None:
    client.post("runs", {"experiment": "changes", "id": "changed", "name": "before"})
    client.post("runs", {"experiment": "changes", "id": "below", "parent": "changed"})
    # Until a run ends, its own script can change it, whose token this is.
    client.post("runs/changed/status", {"status": "Completed"})
    run = workspace.get_run("changed")
    run.lock()
    assert run.locked
    with pytest.raises(InvalidState):
        run.display_name = "refused"
    with pytest.raises(UserErrorException, match="not moved: it is locked"):
        run.move("elsewhere")
    run.unlock()
    with pytest.raises(UserErrorException, match="only with its root"):
        workspace.get_run("below").move("elsewhere")
    run.move("elsewhere")
    assert (run.experiment.name, run.locked) == ("elsewhere", False)
    run.display_name = "after"

    changes = list(workspace.activity(run="changed", kind="rename,archive,lock"))
    actions = [(each.action, each.way) for each in changes]
    assert [action for action, _way in actions] == [
        "rename run",
        "move run",
        "unlock run",
        "lock run",
    ]
    assert {way for _action, way in actions} == {"sdk"}
    number = workspace.undo(changes[0])
    assert workspace.get_run("changed").display_name == "before"
    assert workspace.undo(number) is not None
    assert workspace.get_run("changed").display_name == "after"
    [newest] = workspace.activity(run="changed", kind="rename", limit=1)
    assert newest.token is not None
    minute = datetime.now(UTC) - timedelta(minutes=1)
    planned = workspace.undo_since(newest.token, minute, dry_run=True)
    assert planned["changed"] > 0
    with pytest.raises(ValueError, match="time zone"):
        workspace.undo_since(newest.token, datetime.now())


def test_a_large_undo_is_waited_for_and_returns_its_number(
    client: Client, workspace: Workspace
) -> None:
    client.post("runs", {"experiment": "large", "id": "large"})
    for start in range(0, 1_001, 100):
        some = [{"id": f"large-{n}"} for n in range(start, min(start + 100, 1_001))]
        client.post("runs/large/children", {"children": some})
    workspace.get_run("large").move("larger")
    [moved] = workspace.activity(kind="archive", run="large", limit=1)
    assert moved.runs == 1_002
    assert client.get("runs/large-1000")["experiment"] == "larger"
    number = workspace.undo(moved)
    assert client.get("runs/large-1000")["experiment"] == "large"
    assert number is not None
    assert client.get(f"changes/{number}")["change"]["action"] == "undo"
