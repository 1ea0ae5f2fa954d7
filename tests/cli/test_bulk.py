"""Commands that change many runs, with a count and a question, and their undo."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CommandLine, command_line, new_run
from tests.parts.server import Server
from tests.parts.wire import Connection


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.fixture
def experiment(server: Server) -> str:
    name = f"bulk-{uuid.uuid4().hex[:8]}"
    for n in range(3):
        new_run(server, f"{name}-{n}", name)
    return name


def test_matching_runs_are_tagged_renamed_and_restored_by_undo(
    studio: CommandLine, experiment: str
) -> None:
    where = ("-e", experiment, "-q", f"not id:{experiment}-0", "--yes")
    assert studio.json("run", "tag", *where, "checked", "by=me")["changed"] == 2
    done = studio.json("run", "rename", *where, "{name} by {tags.by}")
    assert done["changed"] == 2
    names = studio.json("run", "list", "-e", experiment, "[].display_name")
    assert sum(name.endswith(" by me") for name in names) == 2
    assert studio.json("undo", str(done["change_set"]))["action"] == "undo"
    assert studio.json("undo")["action"] == "redo"
    gone = studio.json("run", "untag", *where, "checked")
    assert (gone["changed"], gone["skipped"]) == (2, {})


def test_named_runs_go_to_the_trash_and_come_back(
    studio: CommandLine, experiment: str
) -> None:
    runs = [f"{experiment}-{n}" for n in range(2)]
    plan = studio.json("run", "delete", *runs, "--dry-run")
    assert plan == {"changed": 2, "skipped": {}, "change_set": None}
    assert studio.json("run", "delete", *runs, "--yes")["changed"] == 2
    again = studio.json("run", "delete", *runs, "--yes")
    assert again == {"changed": 0, "skipped": {"same": 2}, "change_set": None}
    assert studio.json("run", "restore", *runs, "--yes")["changed"] == 2
    assert studio.json("run", "archive", runs[0], "--yes")["changed"] == 1
    assert studio.json("run", "unarchive", runs[0], "--yes")["changed"] == 1
    assert studio.json("run", "star", *runs, "--yes")["changed"] == 2
    starred = studio.json("run", "list", "-q", "starred:true", "-e", experiment)
    assert {run["run_id"] for run in starred} == set(runs)
    assert studio.json("run", "unstar", *runs, "--yes")["changed"] == 2


def test_without_a_terminal_the_question_is_refused(
    studio: CommandLine, experiment: str
) -> None:
    done = studio("run", "archive", f"{experiment}-0")
    assert done.returncode == 1
    assert "Archive 1 run?" in done.stderr
    assert "Nothing was changed" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("archive",),
        ("delete", "a", "-q", ""),
        ("tag", "-q", "status:failed"),
        ("rename", "-q", "", "two", "names"),
    ],
)
def test_incomplete_commands_are_refused(
    studio: CommandLine, words: tuple[str, ...]
) -> None:
    assert studio.refused("run", *words)[0] == 2


def test_runs_move_to_a_new_experiment_and_are_locked(
    studio: CommandLine, experiment: str
) -> None:
    runs = [f"{experiment}-{n}" for n in range(2)]
    to = ("--to", f"{experiment}-new", "--create", "--yes")
    assert studio.json("run", "move", *runs, *to)["changed"] == 2
    where = ("-e", f"{experiment}-new", "-q", "", "--yes")
    assert studio.json("run", "lock", *where)["changed"] == 2
    locking = studio.json("activity", "--kind", "lock")[0]["number"]
    unlocking = studio.json("undo", str(locking))
    assert unlocking["action"] == "undo"
    assert studio.json("run", "lock", *where, "--dry-run")["changed"] == 2
    assert studio.json("undo", str(unlocking["change_set"]))["action"] == "redo"
    ended = studio.json("run", "mark", "--status", "failed", *where)
    assert ended["changed"] + sum(ended["skipped"].values()) == 2
    assert studio.json("run", "tag", *where, "late")["skipped"] == {"locked": 2}


def of_token_since(change: Mapping[str, Any]) -> tuple[str, ...]:
    moment = datetime.fromtimestamp(change["time"] / 1000, UTC)
    time = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return ("--token", change["token"], "--since", time)


def test_the_activity_is_listed_and_a_token_undone(
    studio: CommandLine, experiment: str
) -> None:
    where = ("-e", experiment, "-q", "", "--yes")
    studio.json("run", "tag", *where, "stage=x")
    newest = studio.json("activity", "--kind", "tag")[0]
    assert (newest["way"], newest["undone"]) == ("cli", False)
    details = studio.json("activity", str(newest["number"]))
    assert details["edits"][0]["after"] == {"value": "x"}
    since = ("undo", *of_token_since(newest))
    plan = studio.json(*since, "--dry-run")
    assert (plan["changed"], plan["runs"]) == (3, 3)
    studio.json(*since, "--yes")
    assert studio.json("activity", "--kind", "tag")[0]["action"] == "undo"
    assert studio.json("activity", str(newest["number"]))["change"]["undone"]


def test_a_large_change_is_waited_for_or_followed_by_its_number(
    studio: CommandLine, experiment: str, server: Server
) -> None:
    for part in range(11):
        children = [{"id": f"{experiment}-{part}-{n}"} for n in range(91)]
        path = f"/runs/{experiment}-0/children"
        Connection(server).rest("POST", path, {"children": children})
    where = ("-e", experiment, "-q", "", "--children", "--yes")
    done = studio.json("run", "tag", *where, "sweep")
    assert (done["state"], done["changed"]) == ("done", 1_004)
    tagged = studio.json("activity", str(done["change_set"]))["change"]
    undone = studio.json("undo", *of_token_since(tagged), "--yes")
    assert (undone["state"], undone["changed"]) == ("done", 1_004)
    done = studio.json("run", "tag", *where, "sweep")
    started = studio.json("undo", str(done["change_set"]), "--no-wait")
    assert started["action"] == "undo"
    number = str(started["id"])
    ended = studio.json("task", "show", number, "--wait")
    assert (ended["state"], ended["changed"]) == ("done", 1_004)
    assert studio.json("task", "list", "--limit", "1")[0]["id"] == started["id"]
    assert studio.json("task", "list", "--open") == []
    assert studio.json("task", "stop", number)["state"] == "done"


def test_several_experiments_are_changed_and_restored_by_undo(
    studio: CommandLine, server: Server
) -> None:
    mark = f"many-{uuid.uuid4().hex[:8]}"
    names = [f"{mark} {n}" for n in range(3)]
    for n, name in enumerate(names):
        new_run(server, f"{mark}-{n}", name)
    where = ("-q", mark, "--yes")
    done = studio.json("experiment", "tag", *where, "team=nlp")
    assert done["changed"] == 3
    plan = studio.json("experiment", "delete", *names[:2], "--dry-run")
    assert plan == {"changed": 2, "skipped": {}, "change_set": None}
    gone = studio.json("experiment", "delete", *names[:2], "--yes")
    assert studio.json("experiment", "archive", *where)["changed"] == 1
    assert studio.json("experiment", "restore", *names[:2], "--yes")["changed"] == 2
    again = studio.json("experiment", "untag", *where, "team")
    assert studio.json("undo", str(again["change_set"]))["action"] == "undo"
    shown = studio.json("experiment", "show", names[0])
    assert (shown["tags"], gone["changed"]) == ({"team": "nlp"}, 2)
    assert studio.refused("experiment", "delete", names[0], *where)[0] == 2
