"""Locks, moves, the activity and undo of a script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studio.core.errors import InvalidState, InvalidValue, NotFound
from studio.sdk import BulkResult, Run, UserErrorException, Workspace
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
    [locking] = workspace.activity(run="changed", kind="lock", limit=1)
    unlocking = workspace.undo(locking)
    assert not workspace.get_run("changed").locked
    assert workspace.undo(unlocking) is not None
    assert workspace.get_run("changed").locked
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
        "redo",
        "undo",
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


def test_a_run_gets_a_color(client: Client, workspace: Workspace) -> None:
    client.post("runs", {"experiment": "changes", "id": "colored"})
    run = workspace.get_run("colored")
    run.set_color(4)
    assert workspace.get_run("colored").color == 4
    run.set_color(None)
    assert run.color is None


def test_large_changes_are_waited_for_and_undone(
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

    workspace.get_run("large-7").tag("kept", "yes")
    wanted: dict[str, Any] = {"experiment": "large", "below": True}
    wanted["tags"] = {"kept": "yes"}
    planned = workspace.change_runs("", "tag", dry_run=True, **wanted)
    assert planned == BulkResult(1_001, {"same": 1}, None)
    assert "kept" not in workspace.get_run("large").get_tags()
    seen: list[tuple[int, int]] = []
    done = workspace.change_runs(
        "", "tag", progress=lambda *given: seen.append(given), **wanted
    )
    assert done == BulkResult(1_001, {"same": 1}, done.change_set, done.task)
    assert done.task is not None
    assert seen[-1] == (1_002, 1_002)
    assert workspace.get_run("large-1000").get_tags()["kept"] == "yes"
    workspace.undo(done.change_set)
    assert "kept" not in workspace.get_run("large-1000").get_tags()
    before, token = datetime.now(UTC), moved.token
    assert token is not None
    workspace.change_runs("", "tag", **wanted)
    task = workspace.undo_since(token, before)
    assert (task["state"], task["changed"]) == ("done", 1_001)
    assert "kept" not in workspace.get_run("large-1000").get_tags()
    started = workspace.change_runs("", "tag", wait=False, **wanted)
    assert started.task is not None
    client.post(f"tasks/{started.task}/stop")


def test_runs_and_experiments_are_changed_by_filter_or_by_name(
    client: Client, workspace: Workspace
) -> None:
    for name in ("bulk-a", "bulk-b"):
        client.post("runs", {"experiment": name, "id": name, "name": "trial"})
    runs: list[Run | str] = [workspace.get_run("bulk-a"), "bulk-b"]
    renamed = workspace.change_runs(runs, "rename", find="trial", replacement="best")
    assert renamed.changed == 2
    assert workspace.get_run("bulk-b").display_name == "best"
    marked = workspace.change_runs(
        "name = best", "mark", experiment="bulk-a", status="Failed", reason="disk full"
    )
    assert (marked.changed, marked.task) == (1, None)
    assert workspace.get_run("bulk-a").status == "Failed"
    with pytest.raises(InvalidValue, match="tagz"):
        workspace.change_runs(runs, "tag", tagz={"a": "b"})
    with pytest.raises(NotFound, match="bulk-c"):
        workspace.change_runs("", "archive", experiment="bulk-c")

    places = [workspace.experiments[name] for name in ("bulk-a", "bulk-b")]
    planned = workspace.change_experiments(places, "archive", dry_run=True)
    assert planned == BulkResult(2, {}, None)
    done = workspace.change_experiments("bulk-", "archive")
    assert done.changed == 2
    again = workspace.change_experiments(places, "archive")
    assert again == BulkResult(0, {"same": 2}, None)
    workspace.undo(done.change_set)
    tagged = workspace.change_experiments(places[:1], "tag", tags={"team": "nlp"})
    assert tagged.changed == 1
    assert client.get(f"experiments/{places[0].id}")["tags"] == {"team": "nlp"}


def test_members_groups_and_conclusions_are_read_and_written(
    client: Client, workspace: Workspace
) -> None:
    for name, seed in (("g-0", "1"), ("g-1", "1"), ("g-2", "2")):
        client.post("runs", {"experiment": "g", "id": name, "params": {"seed": seed}})
    owner = workspace.members()[0]
    assert owner["role"] == "owner"
    found = workspace.groups(["params.seed", "experiment"], "experiment = g")
    values = [(each["values"]["params.seed"], each["runs"]) for each in found]
    assert values == [("1", 2), ("2", 1)]
    assert len(workspace.groups("params.seed", "experiment = g", limit=1)) == 1
    runs: list[Run | str] = [workspace.get_run("g-0"), "g-1"]
    assert workspace.get_conclusion(runs) == ""
    workspace.set_conclusion(runs, "Seeds do not matter.")
    assert workspace.get_conclusion(["g-1", "g-0"]) == "Seeds do not matter."
    workspace.set_conclusion(runs, "")
    assert workspace.get_conclusion(runs) == ""
    with pytest.raises(NotFound):
        workspace.get_conclusion(["g-0", "missing"])
