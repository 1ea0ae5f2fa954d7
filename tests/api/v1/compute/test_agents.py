"""Agents and targets: registration, versions, removal, and what lists show."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Agent, ApiToken, now_ms
from tests.api.rest import Rest
from tests.api.v1.compute.scene import Scene, registration


def target(scene: Scene, name: str = "gpu") -> dict[str, Any]:
    found = scene.member.get("compute")["targets"]
    return next(one for one in found if one["name"] == name)


def register(rest: Rest, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = rest.ok("POST", "agents", registration(**more), 201)
    return made


def test_every_workspace_has_the_target_local(scene: Scene) -> None:
    names = [one["name"] for one in scene.member.get("compute")["targets"]]
    assert names == ["local", "gpu"]
    status, error = scene.owner.refused("DELETE", "compute/local")
    assert (status, error["code"]) == (409, "InvalidState")


def test_a_target_shows_its_agents_and_slots(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent(slots=3)
    agent.take()
    scene.submit("r2")
    found = target(scene)
    assert (found["slots"], found["busy"], found["running"]) == (3, 1, 1)
    assert (found["queued"], found["health"]) == (1, "healthy")
    assert found["longest_wait_ms"] >= 0
    assert [one["name"] for one in found["agents"]] == ["node"]


def test_a_target_with_runs_is_not_removed(scene: Scene) -> None:
    scene.submit("r1")
    assert scene.owner.refused("DELETE", "compute/gpu")[0] == 409
    scene.member.post("runs/r1/cancel")
    agent = scene.agent()
    scene.owner.ok("DELETE", "compute/gpu")
    # The name is free again, and the old agents can do nothing more.
    scene.owner.ok("POST", "compute", {"name": "gpu"}, 201)
    path = f"agents/{agent.id}/take"
    assert agent.rest.refused("POST", path, {"free": 1})[0] == 401


def test_a_removed_target_cancels_queued_runs_in_the_trash(scene: Scene) -> None:
    scene.submit("r1")
    scene.member.ok("DELETE", "runs/r1")
    scene.owner.ok("DELETE", "compute/gpu")
    scene.member.post("runs/r1/restore")
    assert scene.status("r1") == "Canceled"


def test_two_targets_cannot_have_one_name(scene: Scene) -> None:
    for name in ("gpu", "local"):
        status, error = scene.owner.refused("POST", "compute", {"name": name})
        assert (status, error["code"]) == (409, "AlreadyExists")


def test_the_same_instance_is_the_same_agent(scene: Scene) -> None:
    agent = scene.agent()
    again = register(agent.rest, slots=5, host={"cpus": 4, "server": True})
    assert again["id"] == agent.id
    shown = target(scene)["agents"][0]
    assert (shown["slots"], shown["host"]) == (5, {"cpus": 4, "server": True})


def test_two_live_agents_cannot_have_one_name(scene: Scene) -> None:
    agent = scene.agent()
    body = registration(instance="another")
    status, error = agent.rest.refused("POST", "agents", body)
    assert (status, error["code"]) == (409, "AlreadyExists")
    assert "--name" in error["message"]


def test_a_dead_agents_name_is_given_to_a_new_one(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent()
    agent.take()
    Agent.objects.update(heard=now_ms() - 31_000)
    again = register(agent.rest, instance="another")
    assert again["id"] != agent.id
    # The old one's run may still be alive, so the new one doesn't get it.
    taken = agent.rest.post(f"agents/{again['id']}/take", free=1)
    assert taken == {"jobs": []}


@pytest.mark.parametrize(
    ("version", "reason"), [("0.1.9", "at least 0.2"), ("9.0.0", "has version 9.0.0")]
)
def test_an_agent_of_another_version_is_drained(
    scene: Scene, version: str, reason: str
) -> None:
    """Such as one that goes on while the server is upgraded."""
    scene.submit("r1")
    scene.submit("r2")
    agent = scene.agent(slots=2)
    agent.take(free=1)
    assert agent.beat(version="0.2.0")["reason"] == ""
    Agent.objects.update(version=version)
    assert agent.take(free=1) == []
    orders = agent.beat()
    assert (orders["drain"], orders["runs"][0]["state"]) == (True, "yours")
    assert reason in orders["reason"]
    assert target(scene)["agents"][0]["health"] == "draining"
    # Its next start with another version takes runs again.
    register(agent.rest, slots=2)
    assert agent.beat(version="0.2.0")["drain"] is False
    assert agent.take(free=1) == ["r2"]


def test_an_agent_learns_the_kind_of_its_target(scene: Scene) -> None:
    assert register(scene.agent().rest)["kind"] == "agents"


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("0.1.9", "AgentVersionTooOld"),
        ("0.99.0", "AgentVersionTooNew"),
        ("1.0", "AgentVersionTooNew"),
    ],
)
def test_agents_of_unfitting_versions_are_refused(
    scene: Scene, version: str, code: str
) -> None:
    agent = scene.agent()
    body = registration(version=version)
    status, error = agent.rest.refused("POST", "agents", body)
    assert (status, error["code"]) == (409, code)
    assert version in error["message"]


def test_an_agent_acts_only_with_its_own_token(scene: Scene) -> None:
    one, other = scene.agent("one"), scene.agent("other")
    for path, body in (
        ("heartbeat", {}),
        ("take", {"free": 1}),
        ("jobs/r1/end", {"attempt": 1, "outcome": "lost"}),
    ):
        status, _error = other.rest.refused("POST", f"agents/{one.id}/{path}", body)
        assert status == 404


def test_an_agent_serves_only_its_target(scene: Scene) -> None:
    scene.submit("r1")
    assert scene.agent(target="local").take() == []


def test_a_removed_agents_token_is_revoked(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent()
    agent.take()
    scene.owner.ok("DELETE", f"agents/{agent.id}")
    path = f"agents/{agent.id}/heartbeat"
    assert agent.rest.refused("POST", path, {})[0] == 401
    assert target(scene)["agents"] == []
    # Its runner is alive, and ends its run.
    scene.report("r1", "Running")
    assert scene.report("r1", "Completed")["status"] == "Completed"


def test_agent_tokens_are_not_listed_among_the_owners(scene: Scene) -> None:
    scene.agent()
    names = [one["name"] for one in scene.owner.get("/api/v1/tokens")["tokens"]]
    assert names == ["script"]
    token = ApiToken.objects.get(kind="agent")
    assert scene.owner.refused("DELETE", f"/api/v1/tokens/{token.pk}")[0] == 404


def test_an_agent_that_ends_is_shown_as_draining(scene: Scene) -> None:
    agent = scene.agent()
    assert agent.beat(draining=True, usage={"cpu_percent": 7})["drain"] is False
    shown = target(scene)["agents"][0]
    assert (shown["health"], shown["usage"]) == ("draining", {"cpu_percent": 7})


def test_the_command_starts_an_agent(scene: Scene) -> None:
    reply = scene.owner.ok("POST", "compute/gpu/agent-tokens", {"name": "n"}, 201)
    assert reply["token"].startswith(reply["prefix"])
    assert reply["command"].endswith(" studio agent --compute gpu")
    assert f"STUDIO_TOKEN={reply['token']}" in reply["command"]


def test_contributors_manage_nothing(scene: Scene) -> None:
    agent = scene.agent()
    for method, path, body in (
        ("POST", "compute", {"name": "x"}),
        ("PATCH", "compute/gpu", {"paused": True}),
        ("DELETE", "compute/gpu", None),
        ("POST", "compute/gpu/agent-tokens", {}),
        ("PATCH", f"agents/{agent.id}", {"draining": True}),
        ("DELETE", f"agents/{agent.id}", None),
        ("PUT", "secrets/A", {"value": "x"}),
    ):
        assert scene.member.refused(method, path, body)[0] == 403
