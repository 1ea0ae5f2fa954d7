"""Resubmitting runs: what is the same, what differs, and what can't be done."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.api.rest import Rest
from tests.api.v1.compute.scene import Scene

DEFINITION = {
    "script": "train.py",
    "arguments": ["--lr", "0.1"],
    "environmentVariables": {"A": "1"},
    "target": "gpu",
}


def upload(rest: Rest, run: str) -> str:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("train.py", b"print(1)")
    content = target.getvalue()
    kept = rest.send("PUT", f"runs/{run}/snapshot", content, "application/zip")
    return str(kept.json()["id"])


@pytest.fixture
def first(scene: Scene) -> str:
    """A run with a snapshot; return the snapshot's id."""
    scene.member.new_run("r1", definition=DEFINITION, target="gpu")
    return upload(scene.member, "r1")


def again(rest: Rest, **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = rest.ok("POST", "runs/r1/resubmit", body, 201)
    return made


def definition_of(rest: Rest, run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = rest.get(f"runs/{run['id']}/definition")["definition"]
    return found


def test_the_new_run_has_the_same_sources_and_command(scene: Scene, first: str) -> None:
    made = again(scene.member)
    assert (made["status"], made["target"], made["experiment"]) == (
        "Queued",
        "gpu",
        "digits",
    )
    assert definition_of(scene.member, made) == DEFINITION
    properties = scene.member.get(f"runs/{made['id']}/properties")["properties"]
    assert properties["studio.resubmitted_from"] == "r1"
    assert properties["ContentSnapshotId"] == first
    [job] = scene.agent().take_jobs()
    assert (job["run"], job["snapshot"]["id"]) == (made["id"], first)


def test_everything_can_be_edited(scene: Scene, first: str) -> None:
    made = again(
        scene.member,
        definition={"arguments": ["--lr", "1 2\n3"]},
        env={"B": "2"},
        target="local",
        experiment="other",
        name="second",
        tags={"kind": "retry"},
        max_attempts=3,
    )
    assert (made["target"], made["experiment"], made["name"]) == (
        "local",
        "other",
        "second",
    )
    assert definition_of(scene.member, made) == {
        "script": "train.py",
        "arguments": ["--lr", "1 2\n3"],
        "environmentVariables": {"A": "1", "B": "2"},
        "target": "local",
        "maxAttempts": 3,
    }
    assert scene.member.get(f"runs/{made['id']}/tags")["tags"] == {"kind": "retry"}
    assert scene.member.get(f"runs/{made['id']}/job")["max_attempts"] == 3


def test_a_command_replaces_the_script(scene: Scene, first: str) -> None:
    made = again(scene.member, definition={"command": ["make"], "arguments": None})
    found = definition_of(scene.member, made)
    assert (found["command"], "script" in found) == (["make"], False)


def test_the_same_request_again_returns_the_run(scene: Scene, first: str) -> None:
    made = again(scene.member, id="r2")
    assert scene.member.ok("POST", "runs/r1/resubmit", {"id": "r2"}) == made
    scene.member.new_run("r3")
    status, error = scene.member.refused("POST", "runs/r1/resubmit", {"id": "r3"})
    assert (status, error["code"]) == (409, "AlreadyExists")


def test_a_run_that_was_not_submitted_says_so(scene: Scene) -> None:
    scene.member.new_run("r1")
    status, error = scene.member.refused("POST", "runs/r1/resubmit", {})
    assert (status, "keeps no command" in error["message"]) == (409, True)


def test_a_run_without_its_sources_says_so(scene: Scene) -> None:
    scene.member.new_run("r1", definition=DEFINITION)
    status, error = scene.member.refused("POST", "runs/r1/resubmit", {})
    assert (status, "no snapshot" in error["message"]) == (409, True)


def test_a_run_in_the_trash_is_not_resubmitted(scene: Scene, first: str) -> None:
    scene.member.ok("DELETE", "runs/r1")
    status, error = scene.member.refused("POST", "runs/r1/resubmit", {})
    assert (status, "in the trash" in error["message"]) == (409, True)
    body = {"run": "r1", "space": {"lr": ["1"]}}
    assert scene.member.refused("POST", "sweeps", body)[0] == 409


def test_a_sweep_is_not_resubmitted_as_one_run(scene: Scene, first: str) -> None:
    body = {"run": "r1", "id": "sweep", "space": {"lr": ["1"]}}
    scene.member.ok("POST", "sweeps", body, 201)
    status, error = scene.member.refused("POST", "runs/sweep/resubmit", {})
    assert (status, "is a sweep" in error["message"]) == (409, True)
    body = {"run": "sweep", "space": {"lr": ["2"]}}
    assert len(scene.member.ok("POST", "sweeps", body, 201)["children"]) == 1


def test_readers_submit_nothing(scene: Scene, first: str) -> None:
    scene.member.user.memberships.update(role=10)
    assert scene.member.refused("POST", "runs/r1/resubmit", {})[0] == 403
