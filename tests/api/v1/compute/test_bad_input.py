"""Bad input at the endpoints of owners and agents."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.models import Agent, Job, Role
from tests.access.people import bearer
from tests.api.rest import Rest, rest_client
from tests.api.v1.bodies import compute_bodies
from tests.api.v1.bodies.compute_bodies import (
    RIGHT_OF_AGENTS,
    RIGHT_OF_OWNERS,
    WRONG_OF_AGENTS,
    WRONG_OF_OWNERS,
)
from tests.api.v1.test_v1_bad_input import stored


@pytest.fixture
def owner(db: None) -> Rest:
    rest = rest_client(role=Role.OWNER)
    rest.new_run("r1")
    compute_bodies.prepare(rest)
    return rest


@pytest.fixture
def agent(owner: Rest) -> Rest:
    """The client of an agent that has the run r2."""
    token = owner.ok("POST", "compute/local/agent-tokens", {}, 201)["token"]
    client = Client(headers=bearer(token), raise_request_exception=False)
    rest = Rest(client, owner.workspace, owner.user)
    made = rest.ok("POST", "agents", RIGHT_OF_AGENTS["register_agent"][2], 201)
    rest.post(f"agents/{made['id']}/take", free=1)
    assert Job.objects.get().agent_id == made["id"]
    return rest


def filled(path: str) -> str:
    return path.replace("{agent}", str(Agent.objects.get().pk))


@pytest.mark.parametrize("name", RIGHT_OF_OWNERS)
def test_owners_send_the_valid_body(owner: Rest, agent: Rest, name: str) -> None:
    method, path, body = RIGHT_OF_OWNERS[name]
    answer = owner.send(method, filled(path), body)
    assert answer.status_code in (200, 201), answer.content


@pytest.mark.parametrize("name", RIGHT_OF_AGENTS)
def test_agents_send_the_valid_body(agent: Rest, name: str) -> None:
    method, path, body = RIGHT_OF_AGENTS[name]
    answer = agent.send(method, filled(path), body)
    assert answer.status_code in (200, 201), answer.content


@pytest.mark.parametrize(("name", "change", "field"), WRONG_OF_OWNERS)
def test_an_invalid_value_of_an_owner_is_named(
    owner: Rest, agent: Rest, name: str, change: dict[str, Any], field: str
) -> None:
    check_refused(owner, RIGHT_OF_OWNERS[name], change, field)


@pytest.mark.parametrize(("name", "change", "field"), WRONG_OF_AGENTS)
def test_an_invalid_value_of_an_agent_is_named(
    agent: Rest, name: str, change: dict[str, Any], field: str
) -> None:
    check_refused(agent, RIGHT_OF_AGENTS[name], change, field)


def check_refused(
    rest: Rest,
    right: tuple[str, str, dict[str, Any]],
    change: dict[str, Any],
    field: str,
) -> None:
    method, path, body = right
    before = stored()
    status, error = rest.refused(method, filled(path), {**body, **change})
    assert (status, error["field"]) == (400, field), error
    assert stored() == before
