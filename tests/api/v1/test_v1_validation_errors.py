"""What the REST API refuses is told with what there is instead."""

from __future__ import annotations

from django.test import Client

from studio.core.statuses import RunStatus
from tests.api.rest import Rest


def test_an_error_names_the_allowed_types(rest: Rest) -> None:
    rest.new_run("r1")
    status = rest.refused("POST", "runs/r1/status", {"status": "Foo"})[1]
    assert status["message"].startswith("Invalid enum value 'Foo'. Allowed: ")
    for each in RunStatus:
        assert each.value in status["message"]
    runs = rest.refused("GET", "runs?bogus=1")[1]["message"]
    assert "Unknown parameter `bogus`. Allowed: q, " in runs
    batch = {"writer": "w", "sequence": 0, "points": [{"key": "m", "colour": "red"}]}
    body = rest.refused("POST", "runs/r1/metrics", batch)[1]["message"]
    assert body == "Unknown field `colour`. Allowed: key, value, step, time"


def test_a_missing_token_names_the_page_that_creates_one(rest: Rest) -> None:
    path = f"/api/v1/workspaces/{rest.workspace.name}/runs"
    answer = Client().get(path)
    assert answer.status_code == 401
    message = answer.json()["error"]["message"]
    assert "Send a token" in message
    assert "account page" in message
    assert "studio env" in message
