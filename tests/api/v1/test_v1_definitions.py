"""The definition of a submitted run, and the token of its script."""

from __future__ import annotations

import pytest

from runs.models import Role, Run
from tests.access.people import bearer, make_person
from tests.api.rest import Rest, rest_client

DEFINITION = {
    "script": "train.py",
    "arguments": ["--lr", "0.1", "two words"],
    "target": "gpu",
    "amlcompute": {"vmSize": "kept"},
}


def test_a_run_keeps_its_definition(rest: Rest) -> None:
    run = rest.new_run("r1", definition=DEFINITION)
    assert (run["has_definition"], run["script"], run["target"]) == (
        True,
        "train.py",
        "gpu",
    )
    assert rest.get("runs/r1/definition") == {"definition": DEFINITION}
    properties = rest.get("runs/r1/properties")["properties"]
    assert properties["studio.command"] == "python train.py --lr 0.1 'two words'"


def test_a_run_that_was_not_submitted_has_none(rest: Rest) -> None:
    assert rest.new_run("r1")["has_definition"] is False
    status, error = rest.refused("GET", "runs/r1/definition")
    assert (status, error["code"]) == (404, "NotFound")


def test_lists_tell_which_runs_have_a_definition(rest: Rest) -> None:
    rest.new_run("r1", definition=DEFINITION)
    rest.new_run("r2")
    found = rest.get("runs")["runs"]
    assert [one["run"]["has_definition"] for one in found] == [False, True]


def test_the_same_request_again_returns_the_run(rest: Rest) -> None:
    first = rest.new_run("r1", definition=DEFINITION)
    body = {"experiment": "digits", "id": "r1", "definition": DEFINITION}
    assert rest.ok("POST", "runs", body) == first
    for other in ({**DEFINITION, "script": "other.py"}, None):
        status, error = rest.refused("POST", "runs", {**body, "definition": other})
        assert (status, error["code"]) == (409, "AlreadyExists")


def test_the_submitter_gets_a_token_for_the_script(rest: Rest) -> None:
    rest.new_run("r1", definition=DEFINITION)
    token = rest.post("runs/r1/token")["token"]
    answer = rest.client.post(
        rest.url("runs/r1/metrics"),
        {"writer": "w", "sequence": 0, "points": [{"key": "a", "value": 1}]},
        content_type="application/json",
        headers=bearer(token),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.OWNER])
def test_no_one_else_gets_a_token(db: None, role: Role) -> None:
    rest = rest_client(role=role)
    rest.new_run("r1")
    Run.objects.update(submitter=make_person("ada"))
    status, error = rest.refused("POST", "runs/r1/token")
    assert (status, error["code"]) == (403, "PermissionDenied")
    assert "the token acts for the submitter" in error["message"]


def test_a_run_without_a_submitter_gets_no_token(db: None) -> None:
    rest = rest_client(role=Role.OWNER)
    rest.new_run("r1")
    Run.objects.update(submitter=None)
    status, error = rest.refused("POST", "runs/r1/token")
    assert (status, error["code"]) == (409, "InvalidState")


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled"])
def test_a_run_that_ended_gets_no_token(rest: Rest, status: str) -> None:
    rest.new_run("r1")
    rest.post("runs/r1/status", status=status)
    refused, error = rest.refused("POST", "runs/r1/token")
    assert (refused, error["code"]) == (409, "InvalidState")
