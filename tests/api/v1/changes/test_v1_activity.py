"""The activity by REST: lists, one change set in parts, undo since a time."""

from __future__ import annotations

import pytest

from runs.models import ChangeSet, ChangeWay, Run, now_ms
from tests.actions.background_tasks.working import do_background_tasks
from tests.api.rest import Rest


@pytest.fixture
def abc(rest: Rest) -> Rest:
    for run_id in "abc":
        rest.new_run(run_id, name=run_id)
    ChangeSet.objects.all().delete()
    rest.post("bulk", action="tag", q="", tags={"stage": "x"})
    rest.ok("PATCH", "runs/a", {"name": "first"})
    return rest


def test_changes_are_listed_with_who_and_how(abc: Rest) -> None:
    found = abc.get("activity")
    assert [each["action"] for each in found["changes"]] == ["rename run", "set tags"]
    tagged = found["changes"][1]
    assert (tagged["runs"], tagged["changes"], tagged["kind"]) == (3, 3, "tag")
    assert (tagged["member"], tagged["way"]) == (abc.user.username, ChangeWay.REST)
    assert [
        each["kind"] for each in abc.get("activity", kind="tag,star")["changes"]
    ] == ["tag"]
    first = abc.get("activity", rows=1)
    rest = abc.get("activity", rows=1, after=first["after"])
    assert (rest["changes"], rest["after"]) == ([tagged], "")
    assert abc.refused("GET", "activity?kind=nosuch")[0] == 400


def test_the_values_of_a_change_come_in_parts(abc: Rest) -> None:
    number = abc.get("activity", kind="tag")["changes"][0]["number"]
    part = abc.get(f"changes/{number}", rows=2)
    rest = abc.get(f"changes/{number}", after=part["after"])
    edits = [*part["edits"], *rest["edits"]]
    assert [each["run"] for each in edits] == ["a", "b", "c"]
    assert (edits[0]["before"], edits[0]["after"]) == (None, {"value": "x"})
    assert rest["after"] == 0


def test_all_changes_of_a_token_are_undone(abc: Rest) -> None:
    name = abc.get("activity")["changes"][0]["token"]
    plan = abc.post("undo/since", token=name, since=0, dry_run=True)
    assert (plan["changed"], plan["runs"], plan["change_set"]) == (4, 3, None)
    assert Run.objects.get(run_id="a").name == "first"
    done = abc.post("undo/since", token=name, since=0)
    assert Run.objects.get(run_id="a").name == "a"
    abc.post(f"changes/{done['change_set']}/undo")
    assert Run.objects.get(run_id="a").name == "first"
    assert abc.refused("POST", "undo/since", {"token": "nosuch", "since": 0})[0] == 404


def test_many_changes_of_a_token_are_undone_in_the_background(
    abc: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.api.v1.activity.activity.LARGE_CHANGE", 3)
    name = abc.get("activity")["changes"][0]["token"]
    assert "task" not in abc.post("undo/since", token=name, since=0, dry_run=True)
    body = {"token": name, "since": 0}
    task = abc.ok("POST", "undo/since", body, status=202)["task"]
    assert (task["kind"], task["total"]) == ("undo", 4)
    assert Run.objects.get(run_id="a").name == "first"
    do_background_tasks(now_ms())
    assert Run.objects.get(run_id="a").name == "a"
    done = abc.get(f"tasks/{task['id']}")
    assert (done["state"], done["changed"]) == ("done", 4)


@pytest.mark.parametrize(
    ("agent", "way"),
    [
        ("run-studio/0.9", "sdk"),
        ("run-studio-cli/0.9", "cli"),
        ("curl/8", "rest"),
    ],
)
def test_the_program_is_recorded(rest: Rest, agent: str, way: str) -> None:
    rest.new_run("r")
    rest.client.defaults["HTTP_USER_AGENT"] = agent
    rest.ok("PATCH", "runs/r", {"name": "other"})
    assert ChangeSet.objects.latest("pk").way == way


def test_a_workspace_named_mlflow_is_no_mlflow_client(rest: Rest) -> None:
    rest.new_run("r")
    rest.workspace.name = "mlflow"
    rest.workspace.save()
    rest.ok("PATCH", "runs/r", {"name": "other"})
    assert ChangeSet.objects.latest("pk").way == ChangeWay.REST
    tag = {"run_id": "r", "key": "a", "value": "1"}
    rest.ok("POST", "/w/mlflow/api/2.0/mlflow/runs/set-tag", tag)
    assert ChangeSet.objects.latest("pk").way == ChangeWay.MLFLOW


def test_an_own_change_of_a_view_is_undone(rest: Rest) -> None:
    view = rest.ok("POST", "views", {"name": "mine", "state": {"q": ""}}, 201)
    rest.ok("PATCH", f"views/{view['slug']}", {"name": "other"})
    number = ChangeSet.objects.latest("pk").pk
    assert rest.post(f"changes/{number}/undo")["action"] == "undo"
    assert rest.get(f"views/{view['slug']}")["name"] == "mine"
