"""REST: retention rules and their dry run."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.models import RetentionRule
from tests.access.people import Team, browser_of, make_team

pytestmark = pytest.mark.django_db

RULES = "/api/v1/workspaces/lab/retention-rules"
RULE = {"what": "checkpoints", "q": "ended:<-90d -starred"}


@pytest.fixture
def team() -> Team:
    return make_team()


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    send = getattr(client, method.lower())
    return send(path, body, content_type="application/json")


def test_a_rule_is_created_tried_changed_and_deleted(team: Team) -> None:
    client = browser_of(team.owner)
    made = send(client, "POST", RULES, RULE)
    assert made.status_code == 201
    info = made.json()
    assert (info["what"], info["q"], info["enabled"]) == (*RULE.values(), True)
    assert info["author"] == team.owner.username
    one = f"{RULES}/{info['number']}"
    changed = send(client, "PUT", one, {**RULE, "what": "runs"}).json()
    assert changed["what"] == "runs"
    assert not send(client, "PATCH", one, {"enabled": False}).json()["enabled"]
    assert client.get(RULES).json()["rules"] == [client.get(one).json()]
    assert send(client, "DELETE", one).status_code == 200
    assert client.get(one).status_code == 404
    assert send(client, "POST", f"{one}/restore").status_code == 200
    assert RetentionRule.objects.not_deleted().count() == 1
    tried = send(client, "POST", f"{RULES}/try", RULE).json()
    assert (tried["run_count"], tried["runs"], tried["kept"]) == (0, [], {})


def test_a_wrong_rule_is_refused(team: Team) -> None:
    client = browser_of(team.owner)
    for body in ({**RULE, "what": "all"}, {**RULE, "q": ""}, {**RULE, "q": "status:"}):
        for path in (RULES, f"{RULES}/try"):
            assert send(client, "POST", path, body).status_code in (400, 422)
    assert not RetentionRule.objects.exists()
