"""Sweeps: the children, their limit, and how the parent follows them."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.run import refresh_sweeps
from runs.models import Job, now_ms
from tests.api.v1.compute.scene import Scene

# The parent follows its children after the commit.
pytestmark = pytest.mark.usefixtures("committed")

BASE = {"command": ["python", "-m", "train", "--lr", "1"], "target": "gpu"}


@pytest.fixture(autouse=True)
def base(committed: None, scene: Scene) -> None:
    scene.member.new_run("base", definition=BASE, target="gpu")


def sweep(scene: Scene, **more: Any) -> dict[str, Any]:
    body = {"run": "base", "id": "sweep", "space": {"lr": ["0.1", "0.2"]}, **more}
    made: dict[str, Any] = scene.member.ok("POST", "sweeps", body, 201)
    return made


def test_each_child_has_its_values(scene: Scene) -> None:
    made = sweep(scene, name="net lr={lr} seed={seed}", space={"lr": [1], "seed": [7]})
    assert (made["run"]["name"], made["run"]["status"]) == ("net", "Queued")
    [child] = made["children"]
    run = scene.member.get(f"runs/{child}")
    assert (run["name"], run["parent"]) == ("net lr=1 seed=7", "sweep")
    properties = scene.member.get(f"runs/{child}/properties")["properties"]
    assert properties["studio.command"] == "python -m train --lr 1 --seed 7"
    assert scene.member.get(f"runs/{child}/tags")["tags"] == {"lr": "1", "seed": "7"}


def test_a_grid_has_every_combination(scene: Scene) -> None:
    space = {"lr": ["0.1", "0.2"], "seed": {"from": 1, "to": 3}}
    assert len(sweep(scene, space=space)["children"]) == 6


def test_a_random_sample_is_the_same_for_a_seed(scene: Scene) -> None:
    space = {"lr": {"from": 0.0, "to": 1.0}}
    sampled = {"sampling": "random", "count": 4, "seed": 5, "space": space}
    lists = []
    for name in ("one", "other"):
        children = sweep(scene, id=name, **sampled)["children"]
        rows = [scene.member.get(f"runs/{one}/tags")["tags"]["lr"] for one in children]
        lists.append(rows)
    assert lists[0] == lists[1]
    assert len(set(lists[0])) == 4


def test_the_parent_follows_its_children(scene: Scene) -> None:
    children = sweep(scene)["children"]
    agent = scene.agent(slots=2)
    assert scene.status("sweep") == "Queued"
    assert agent.take(free=1) == children[:1]
    assert scene.status("sweep") == "Running"
    agent.end(children[0], "Failed")
    assert scene.status("sweep") == "Running"
    agent.take()
    agent.end(children[1], "Completed")
    assert scene.status("sweep") == "Completed"


def test_only_n_children_run_at_the_same_time(scene: Scene) -> None:
    children = sweep(scene, at_once=1)["children"]
    scene.submit("other")
    agent = scene.agent(slots=3)
    assert agent.take() == [children[0], "other"]
    jobs = scene.member.get("jobs")["jobs"]
    assert [one["reason"] for one in jobs] == ["sweep_limit"]
    agent.end(children[0], "Completed")
    assert agent.take() == [children[1]]


def test_canceling_the_parent_cancels_the_children(scene: Scene) -> None:
    children = sweep(scene)["children"]
    agent = scene.agent()
    agent.take()
    scene.member.post("runs/sweep/cancel")
    found = [scene.status(one) for one in ("sweep", *children)]
    assert found == ["CancelRequested", "CancelRequested", "Canceled"]
    scene.report(children[0], "Canceled")
    assert scene.status("sweep") == "Canceled"


def test_a_sweep_that_only_waits_is_canceled_at_once(scene: Scene) -> None:
    children = sweep(scene)["children"]
    scene.member.post("runs/sweep/cancel")
    assert {scene.status(one) for one in ("sweep", *children)} == {"Canceled"}


def test_a_sweep_ends_when_all_children_are_canceled_one_by_one(scene: Scene) -> None:
    for child in sweep(scene)["children"]:
        scene.member.post(f"runs/{child}/cancel")
    assert scene.status("sweep") == "Completed"


def test_a_queued_child_in_the_trash_does_not_keep_the_sweep_open(
    scene: Scene,
) -> None:
    children = sweep(scene)["children"]
    agent = scene.agent()
    agent.take()
    for child in children:
        scene.member.ok("DELETE", f"runs/{child}")
    refresh_sweeps(now_ms())
    assert scene.status("sweep") == "Running"
    agent.end(children[0], "Completed")
    assert scene.status("sweep") == "Completed"


def test_the_same_request_again_returns_the_sweep(scene: Scene) -> None:
    made = sweep(scene)
    body = {"run": "base", "id": "sweep", "space": {"lr": ["0.1", "0.2"]}}
    assert scene.member.ok("POST", "sweeps", body) == made
    assert Job.objects.count() == 2


def test_an_agent_can_serve_only_one_sweep(scene: Scene) -> None:
    scene.submit("other", priority=9)
    children = sweep(scene)["children"]
    assert scene.agent(slots=3).take(trees=["sweep"]) == children
