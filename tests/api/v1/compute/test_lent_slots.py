"""A run that waits for its child runs lends its slot to them."""

from __future__ import annotations

import pytest

from tests.api.v1.compute.scene import Scene, TestAgent


@pytest.fixture
def agent(scene: Scene) -> TestAgent:
    """An agent with one slot, which has the parent `p`; another run is queued."""
    scene.submit("p")
    agent = scene.agent()
    agent.take()
    scene.report("p", "Running")
    scene.submit("other")
    scene.submit("c1", parent="p")
    scene.submit("c2", parent="p")
    return agent


def wait(scene: Scene, run: str, waiting: bool = True) -> bool:
    return bool(scene.member.post(f"runs/{run}/waiting", waiting=waiting)["waiting"])


def test_one_slot_finishes_a_parent_that_waits(scene: Scene, agent: TestAgent) -> None:
    assert agent.take() == []
    assert wait(scene, "p") is True
    # Only runs of its own tree get the slot.
    assert agent.take() == ["c1"]
    assert agent.take() == []
    agent.end("c1", "Completed")
    assert agent.take() == ["c2"]
    agent.end("c2", "Completed")
    assert wait(scene, "p", waiting=False) is False
    agent.end("p", "Completed")
    assert agent.take() == ["other"]


def test_a_child_that_waits_lends_the_slot_again(
    scene: Scene, agent: TestAgent
) -> None:
    wait(scene, "p")
    agent.take()
    scene.submit("grandchild", parent="c1")
    wait(scene, "c1")
    scene.member.ok("PATCH", "runs/grandchild/job", {"to_top": True})
    assert agent.take() == ["grandchild"]


def test_waiting_counts_only_with_active_runs_below(scene: Scene) -> None:
    scene.submit("p")
    agent = scene.agent()
    agent.take()
    assert wait(scene, "p") is False
    scene.submit("c1", parent="p")
    scene.member.post("runs/c1/cancel")
    assert wait(scene, "p") is False


def test_only_submitter_and_owners_report_that_a_run_waits(
    scene: Scene, agent: TestAgent
) -> None:
    other = scene.another_member("eve")
    assert other.refused("POST", "runs/p/waiting", {"waiting": True})[0] == 403
    assert agent.beat()["runs"][0]["waiting"] is False
    assert scene.owner.post("runs/p/waiting", waiting=True)["waiting"] is True


def test_a_run_without_a_job_has_no_slot_to_lend(scene: Scene) -> None:
    scene.member.new_run("p")
    scene.member.new_run("c1", parent="p")
    assert wait(scene, "p") is False


def test_the_wait_ends_with_the_attempt(scene: Scene, agent: TestAgent) -> None:
    wait(scene, "p")
    assert agent.beat()["runs"][0]["waiting"] is True
    agent.end("p", "lost")
    assert scene.member.get("runs/p/job")["waiting"] is False


def test_a_waiting_run_does_not_count_for_the_members_limit(
    scene: Scene, agent: TestAgent
) -> None:
    scene.owner.ok("PATCH", "compute/gpu", {"max_per_member": 1})
    wait(scene, "p")
    assert agent.take() == ["c1"]


@pytest.mark.parametrize("by_member", [True, False])
def test_a_draining_agent_gets_only_runs_that_its_runs_wait_for(
    scene: Scene, agent: TestAgent, by_member: bool
) -> None:
    if by_member:
        scene.owner.ok("PATCH", f"agents/{agent.id}", {"draining": True})
    agent.beat(draining=not by_member)
    assert agent.take() == []
    wait(scene, "p")
    assert agent.take() == ["c1"]
    agent.end("c1", "Completed")
    assert agent.take() == ["c2"]
    agent.end("c2", "Completed")
    agent.end("p", "Completed")
    assert agent.take() == []
