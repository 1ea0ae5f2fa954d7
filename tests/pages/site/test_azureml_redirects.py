"""Links of the v1 portal, as notebooks and tickets keep them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from runs.actions.account.accounts import add_member
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.runs import create_run
from runs.models import Experiment, Role, User
from tests.access.people import space

SCOPE = "/subscriptions/1-2/resourcegroups/group/workspaces/"


def asked(name: str) -> str:
    return f"wsid={quote(SCOPE + name)}&tid=3-4"


@pytest.fixture
def second(owner: User, now: int) -> Experiment:
    """An experiment of the same number and a run of the same id, elsewhere."""
    lab = space("lab")
    add_member(lab, owner, Role.READER, actor=SERVER, now=now)
    made = create_experiment(lab, "odd/name", actor=Actor(owner), now=now)
    create_run(made, run_id="one_1", actor=Actor(owner), now=now)
    return made


def test_an_azureml_run_link_redirects_to_the_run(
    visitor: Client, log: Any, second: Experiment
) -> None:
    log("one_1")
    here, there = (f"/w/{name}/runs/one_1/" for name in ("default", "lab"))
    for name, page in (("default", here), ("lab", there), ("LAB", here)):
        answer = visitor.get(f"/runs/one_1?{asked(name)}")
        assert (answer.status_code, answer["Location"]) == (302, page)
    visitor.get("/w/lab/runs/")
    assert visitor.get("/runs/one_1")["Location"] == there


def test_an_azureml_experiment_link_redirects_to_its_runs(
    visitor: Client, second: Experiment
) -> None:
    found = visitor.get(f"/experiments/id/{second.number}?{asked('lab')}")
    assert found["Location"] == f"/w/lab/experiments/~{second.number}/"


@pytest.mark.parametrize(
    "path",
    [
        "/runs/nosuch",
        "/runs/no%00such",
        f"/runs/nosuch?wsid={quote('/workspaces/' + chr(0))}",
        "/experiments/id/999",
        "/experiments/id/99999999999999999999999",
    ],
)
def test_missing_items_are_reported(visitor: Client, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "in your workspaces" in answer.text


def test_runs_of_other_workspaces_are_not_found(
    visitor: Client, owner: User, now: int
) -> None:
    apart = create_experiment(space("apart"), "x", actor=SERVER, now=now)
    create_run(apart, run_id="hidden", actor=SERVER, now=now)
    assert visitor.get(f"/runs/hidden?{asked('apart')}").status_code == 404


def test_signing_in_returns_to_the_page(client: Client) -> None:
    answer = client.get(f"/runs/one?{asked('lab')}")
    assert answer.status_code == 302
    assert quote("/runs/one?wsid=", safe="") in answer["Location"]
