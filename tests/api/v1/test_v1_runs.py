"""Runs over REST: make, find, change, end, trash."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Role, Run
from studio.core.statuses import RunStatus
from tests.api.rest import Rest, rest_client


def test_a_run_is_created_changed_and_completed(rest: Rest) -> None:
    made = rest.new_run(name="first", params={"lr": "0.1"}, tags={"baseline": None})
    assert made["status"] == "Running"
    assert (made["id"], made["number"], made["name"]) == ("r1", 1, "first")
    assert made["experiment"] == "digits"
    rest.post("runs/r1/status", status="Completed", ended=made["started"] + 5)
    read = rest.get("runs/r1")
    assert (read["status"], read["ended"]) == ("Completed", made["started"] + 5)
    assert read["submitter"] == rest.user.username
    assert rest.get("runs/r1/params") == {"params": {"lr": "0.1"}}
    assert rest.get("runs/r1/tags") == {"tags": {"baseline": None}}


def test_writing_parameters_returns_only_those_of_the_request(rest: Rest) -> None:
    rest.new_run(params={"lr": "0.1"})
    assert rest.post("runs/r1/params", params={"seed": "1"}) == {
        "params": {"seed": "1"}
    }
    assert rest.get("runs/r1/params") == {"params": {"lr": "0.1", "seed": "1"}}


def test_a_run_needs_only_an_experiment(rest: Rest) -> None:
    made = rest.ok("POST", "runs", {"experiment_id": 0}, 201)
    assert made["experiment"] == "Default"
    assert made["id"]
    assert made["name"]


def test_the_first_run_creates_its_experiment(rest: Rest) -> None:
    for run_id in ("a", "b"):
        rest.new_run(run_id)
    names = [e["name"] for e in rest.get("experiments")["experiments"]]
    assert names == ["digits", "Default"]


def test_creating_an_identical_run_returns_the_same_run(rest: Rest) -> None:
    body = {"experiment": "digits", "id": "a", "name": "n", "params": {"lr": "1"}}
    rest.ok("POST", "runs", body, 201)
    assert rest.ok("POST", "runs", body, 200)["id"] == "a"
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"experiment": "other"},
        {"name": "other"},
        {"params": {"lr": "2"}},
        {"properties": {"git": "ffff"}},
        {"parent": "p"},
        {"script": "other.py"},
    ],
)
def test_a_different_run_with_the_same_id_is_refused(
    rest: Rest, other: dict[str, Any]
) -> None:
    body = {"experiment": "digits", "id": "a", "params": {"lr": "1"}}
    rest.ok("POST", "runs", body, 201)
    status, error = rest.refused("POST", "runs", {**body, **other})
    assert (status, error["code"], error["run_id"]) == (409, "AlreadyExists", "a")
    assert Run.objects.count() == 1


def test_a_run_id_of_another_member_is_taken(rest: Rest) -> None:
    rest.new_run("a")
    other = rest_client("lab", Role.OWNER)
    status, error = other.refused("POST", "runs", {"experiment": "digits", "id": "a"})
    assert (status, error["code"]) == (409, "AlreadyExists")


def test_the_run_list_accepts_filters(rest: Rest) -> None:
    for run_id, rate in (("a", "0.1"), ("b", "0.01")):
        rest.new_run(run_id, params={"lr": rate}, tags={"team": "nlp"})
    rest.points("a", {"key": "acc", "value": 0.9, "step": 3})
    found = rest.get("runs", q="params.lr > 0.05", columns="metrics.acc,tags")
    [row] = found["runs"]
    assert (row["run"]["id"], row["values"]["metrics.acc"]) == ("a", 0.9)
    assert (row["tags"], found["total"]) == ({"team": "nlp"}, 1)


def test_the_list_is_paged_by_cursors(rest: Rest) -> None:
    for number in range(30):
        rest.new_run(f"run-{number:02}")
    first = rest.get("runs", rows=25, sort="created")
    rest_of = rest.get("runs", rows=25, sort="created", after=first["after"])
    ids = [row["run"]["id"] for row in first["runs"] + rest_of["runs"]]
    assert ids == [f"run-{number:02}" for number in range(30)]
    assert (first["total"], rest_of["after"]) == (30, "")


def test_runs_are_listed_by_experiment_or_parent(rest: Rest) -> None:
    rest.new_run("a")
    rest.new_run("b", experiment="other", parent="a")
    number = rest.get("runs/b")["experiment_id"]
    by_experiment = rest.get("runs", experiment=number, children=1)
    by_parent = rest.get("runs", parent="a")
    for found in (by_experiment, by_parent):
        assert [row["run"]["id"] for row in found["runs"]] == ["b"]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("q=status:", "InvalidFilter", "q"),
        ("q=bogus.x%20%3D%201", "InvalidFilter", "q"),
        ("sort=bogus", "InvalidValue", "sort"),
        ("columns=bogus", "InvalidValue", "columns"),
        ("rows=7", "InvalidValue", "rows"),
        ("after=bogus", "InvalidValue", "after"),
        ("children=yes", "InvalidValue", "children"),
        ("experiment=x", "InvalidValue", "experiment"),
        ("bogus=1", "InvalidValue", "bogus"),
        ("q=a&q=b", "InvalidValue", "q"),
        ("q=a%00", "InvalidValue", "q"),
    ],
)
def test_an_invalid_query_parameter_is_named(
    rest: Rest, query: str, code: str, field: str
) -> None:
    status, error = rest.refused("GET", f"runs?{query}")
    assert (status, error["code"]) == (400, code)
    assert error["field"] == field


def test_name_and_description_change_atomically(rest: Rest) -> None:
    rest.new_run("a", name="old")
    status, error = rest.refused(
        "PATCH", "runs/a", {"name": "new", "description": "x" * 65_537}
    )
    assert (status, error["field"]) == (400, "description")
    assert rest.get("runs/a")["name"] == "old"
    changed = rest.ok("PATCH", "runs/a", {"name": "new", "description": "# Why"})
    assert (changed["name"], changed["description"]) == ("new", "# Why")


def test_an_illegal_status_transition_is_refused(rest: Rest) -> None:
    rest.new_run("a")
    status, error = rest.refused("POST", "runs/a/status", {"status": "Queued"})
    assert (status, error["code"]) == (409, "IllegalTransition")
    assert "Completed" in error["allowed"]


def test_a_final_status_cannot_be_changed(rest: Rest) -> None:
    rest.new_run("a")
    rest.post("runs/a/status", status="Failed", message="diverged")
    later = rest.post("runs/a/status", status="Completed")
    assert (later["status"], later["error"]) == ("Failed", "diverged")
    events = rest.get("runs/a/events")["events"]
    assert [(e["old"], e["new"]) for e in events] == [
        (None, "Running"),
        ("Running", "Failed"),
        ("Failed", "Failed"),
    ]
    assert events[1]["message"] == "diverged"


def test_cancel_requests_the_end_and_force_ends_the_run(rest: Rest) -> None:
    rest.new_run("a")
    rest.new_run("b", parent="a")
    assert rest.post("runs/a/cancel")["status"] == "CancelRequested"
    assert rest.get("runs/b")["status"] == "Running"
    rest.post("runs/a/cancel", force=True, children=True)
    statuses = [rest.get(f"runs/{run_id}")["status"] for run_id in "ab"]
    assert statuses == ["Canceled", "Canceled"]


def test_delete_and_restore_can_be_repeated(rest: Rest) -> None:
    rest.new_run("a")
    for _ in range(2):
        assert rest.ok("DELETE", "runs/a")["deleted"]
    assert rest.get("runs")["total"] == 0
    for _ in range(2):
        assert rest.ok("POST", "runs/a/restore")["deleted"] is None
    assert rest.get("runs")["total"] == 1


def test_stars_are_personal(rest: Rest) -> None:
    rest.new_run("a")
    assert rest.ok("PUT", "runs/a/star") == {"starred": True}
    assert rest.get("runs")["runs"][0]["starred"] is True
    assert rest.ok("DELETE", "runs/a/star") == {"starred": False}


def test_tags_are_set_and_removed_in_one_request(rest: Rest) -> None:
    rest.new_run("a", tags={"old": "1", "word": None})
    body = {"set": {"new": "2", "word": ""}, "remove": ["old", "never"]}
    assert rest.ok("POST", "runs/a/tags", body) == {"tags": {"new": "2", "word": ""}}


def test_parameters_and_properties_are_written_once(rest: Rest) -> None:
    rest.new_run("a")
    for kind in ("params", "properties"):
        rest.post(f"runs/a/{kind}", **{kind: {"k": "1"}})
        rest.post(f"runs/a/{kind}", **{kind: {"k": "1"}})
        status, error = rest.refused(
            "POST", f"runs/a/{kind}", {kind: {"new": "1", "k": "2"}}
        )
        assert (status, error["code"]) == (409, "Immutable")
        assert rest.get(f"runs/a/{kind}") == {kind: {"k": "1"}}


def test_a_parent_can_be_created_later(rest: Rest) -> None:
    rest.new_run("child", parent="p")
    assert rest.get("runs/child")["root"] == "child"
    rest.new_run("p")
    child = rest.get("runs/child")
    assert (child["parent"], child["root"]) == ("p", "p")


@pytest.mark.parametrize("status", sorted(RunStatus))
def test_a_run_can_be_created_with_any_status(rest: Rest, status: str) -> None:
    made = rest.new_run("a", status=str(status))
    assert made["status"] == str(status)
    assert (made["ended"] is None) == RunStatus(status).is_active


def test_an_archived_run_is_listed_only_on_request(rest: Rest) -> None:
    rest.new_run("a")
    assert rest.ok("PATCH", "runs/a", {"archived": True})["archived"]
    assert rest.get("runs")["total"] == 0
    assert rest.get("runs", archived=1)["total"] == 1
    assert rest.ok("PATCH", "runs/a", {"archived": False})["archived"] is None
    assert rest.get("runs")["total"] == 1


def test_only_owners_purge_and_only_runs_in_the_trash(rest: Rest) -> None:
    rest.new_run("a", params={"lr": "1"})
    owner = rest_client("lab", Role.OWNER)
    assert rest.refused("POST", "runs/a/purge")[0] == 403
    status, error = owner.refused("POST", "runs/a/purge")
    assert (status, error["code"]) == (409, "InvalidState")
    rest.ok("DELETE", "runs/a")
    assert owner.ok("POST", "runs/a/purge") == {"removed": 1}
    assert owner.refused("GET", "runs/a")[0] == 404
