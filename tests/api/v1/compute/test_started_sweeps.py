"""Sweeps of a run that its client created for this, with the sources of a folder."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Job
from tests.api.v1.compute.scene import Scene
from tests.api.v1.compute.test_resubmit import DEFINITION, upload

# The parent follows its children after the commit.
pytestmark = pytest.mark.usefixtures("committed")

SPACE = {"space": {"lr": ["0.1", "0.2"]}}


def new_run(scene: Scene, **changes: Any) -> str:
    """Create a run with a snapshot; return the snapshot's id."""
    definition = {**DEFINITION, **changes}
    scene.member.new_run("r1", status="NotStarted", definition=definition, target="gpu")
    return upload(scene.member, "r1")


def test_the_run_becomes_the_parent_of_its_sweep(scene: Scene) -> None:
    snapshot = new_run(scene, priority=7, maxAttempts=2)
    body = {**SPACE, "name": "net lr={lr}", "tags": {"kind": "first"}, "at_once": 1}
    made = scene.member.ok("POST", "runs/r1/sweep", body, 201)
    assert (made["run"]["id"], made["run"]["status"]) == ("r1", "Queued")
    assert made["run"]["type"] == "studio.sweep"
    first, second = made["children"]
    run = scene.member.get(f"runs/{first}")
    assert (run["name"], run["parent"], run["target"]) == ("net lr=0.1", "r1", "gpu")
    tags = scene.member.get(f"runs/{first}/tags")["tags"]
    assert tags == {"kind": "first", "lr": "0.1"}
    job = scene.member.get(f"runs/{second}/job")
    assert (job["priority"], job["max_attempts"]) == (7, 2)
    agent = scene.agent(slots=2)
    [taken] = agent.take_jobs()
    assert (taken["run"], taken["snapshot"]["id"]) == (first, snapshot)
    agent.end(first, "Completed")
    assert scene.status("r1") == "Running"
    agent.take()
    agent.end(second, "Completed")
    assert scene.status("r1") == "Completed"


def test_the_same_request_again_returns_the_sweep(scene: Scene) -> None:
    new_run(scene)
    made = scene.member.ok("POST", "runs/r1/sweep", SPACE, 201)
    assert scene.member.ok("POST", "runs/r1/sweep", SPACE) == made
    assert Job.objects.count() == 2


def test_a_queued_run_does_not_become_a_sweep(scene: Scene) -> None:
    new_run(scene)
    scene.member.post("runs/r1/queue", target="gpu")
    status, error = scene.member.refused("POST", "runs/r1/sweep", SPACE)
    assert (status, "is Queued" in error["message"]) == (409, True)


def test_a_sweep_does_not_enter_a_queue_itself(scene: Scene) -> None:
    new_run(scene)
    scene.member.ok("POST", "runs/r1/sweep", SPACE, 201)
    assert scene.member.refused("POST", "runs/r1/queue", {"target": "gpu"})[0] == 409


def test_a_script_without_its_sources_is_refused(scene: Scene) -> None:
    scene.member.new_run("r1", status="NotStarted", definition=DEFINITION)
    status, error = scene.member.refused("POST", "runs/r1/sweep", SPACE)
    assert (status, "snapshot" in error["message"]) == (409, True)
    assert scene.status("r1") == "NotStarted"


def test_other_members_leave_the_run_alone(scene: Scene) -> None:
    new_run(scene)
    other = scene.another_member("eve")
    assert other.refused("POST", "runs/r1/sweep", SPACE)[0] == 403


def test_the_priority_of_a_definition_counts(scene: Scene) -> None:
    new_run(scene, priority=3)
    assert scene.member.post("runs/r1/queue", target="gpu")["priority"] == 3
    made = scene.member.ok("POST", "runs/r1/resubmit", {}, 201)
    assert scene.member.get(f"runs/{made['id']}/job")["priority"] == 3
    made = scene.member.ok("POST", "runs/r1/resubmit", {"priority": 0}, 201)
    assert scene.member.get(f"runs/{made['id']}/job")["priority"] == 0
