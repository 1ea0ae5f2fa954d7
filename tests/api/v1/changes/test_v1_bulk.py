"""Many runs changed by one request, and undone by another."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Experiment, Member, Role, Run, RunTag
from tests.api.rest import Rest


@pytest.fixture
def abc(rest: Rest) -> Rest:
    for n, run_id in enumerate("abc"):
        rest.new_run(run_id, name=run_id, params={"lr": f"0.{n}"}, tags={"stage": "x"})
    return rest


def names() -> list[str]:
    return list(Run.objects.order_by("pk").values_list("name", flat=True))


def test_matching_runs_are_tagged_and_undone(abc: Rest) -> None:
    done = abc.post("bulk", action="tag", q="params.lr>0", tags={"good": None})
    assert (done["changed"], done["skipped"]) == (2, {})
    tagged = RunTag.objects.filter(key__name="good").values_list("run__name", flat=True)
    assert sorted(tagged) == ["b", "c"]
    back = abc.post(f"changes/{done['change_set']}/undo")
    assert back["action"] == "undo"
    assert not RunTag.objects.filter(key__name="good").exists()
    assert abc.post("undo")["action"] == "redo"
    assert RunTag.objects.filter(key__name="good").count() == 2


def test_a_dry_run_says_what_would_change(abc: Rest) -> None:
    Run.objects.filter(run_id="b").update(locked=True)
    plan = abc.post("bulk", action="delete", q="", dry_run=True)
    assert plan == {"changed": 2, "skipped": {"locked": 1}, "change_set": None}
    assert Run.objects.filter(deleted=None).count() == 3
    assert abc.post("bulk", action="delete", q="")["changed"] == 2
    gone = abc.post("bulk", action="restore", ids=["a", "c"])
    assert (gone["changed"], Run.objects.filter(deleted=None).count()) == (2, 3)


def test_named_runs_are_renamed_by_a_pattern(abc: Rest) -> None:
    abc.post("bulk", action="rename", ids=["c", "a"], pattern="{name} {params.lr}")
    assert names() == ["a 0.0", "b", "c 0.2"]
    again = abc.post("bulk", action="rename", ids=["c"], find="c ", replacement="")
    assert (again["changed"], names()[-1]) == (1, "0.2")


def test_runs_below_come_with_them(abc: Rest) -> None:
    abc.new_run("d", parent="a")
    assert abc.post("bulk", action="archive", ids=["a"])["changed"] == 1
    done = abc.post("bulk", action="archive", ids=["a"], below=True)
    assert (done["changed"], done["skipped"]) == (1, {"same": 1})


def test_a_later_change_is_not_overwritten_unless_asked(abc: Rest) -> None:
    done = abc.post("bulk", action="rename", q="", pattern="run {number}")
    abc.ok("PATCH", "runs/b", {"name": "mine"})
    address = f"changes/{done['change_set']}/undo"
    status, error = abc.refused("POST", address, {})
    assert (status, [each["now"] for each in error["later"]]) == (409, ["mine"])
    abc.post(address, anyway=True)
    assert names() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "q"),
        ({"q": "", "ids": []}, "q"),
        ({"q": "nosuch:1"}, None),
        ({"q": "", "action": "rename", "pattern": "{x}"}, "pattern"),
        ({"q": "", "tags": {"": "x"}, "action": "tag"}, None),
        ({"q": "", "action": "purge"}, "action"),
    ],
)
def test_bad_requests_name_their_field(
    abc: Rest, body: dict[str, Any], field: str | None
) -> None:
    status, error = abc.refused("POST", "bulk", {"action": "archive", **body})
    assert status == 400
    assert field in (None, error.get("field"))


def test_an_unknown_run_changes_nothing(abc: Rest) -> None:
    body = {"action": "archive", "ids": ["a", "nosuch"]}
    status, error = abc.refused("POST", "bulk", body)
    assert (status, error["run_id"]) == (404, "nosuch")
    assert not Run.objects.exclude(archived=None).exists()


def test_a_reader_can_only_star(abc: Rest) -> None:
    Member.objects.filter(user=abc.user).update(role=Role.READER)
    assert abc.post("bulk", action="star", q="")["changed"] == 3
    body = {"action": "archive", "q": ""}
    assert abc.refused("POST", "bulk", body)[0] == 403


def test_runs_move_to_an_experiment_by_its_name(abc: Rest) -> None:
    body = {"action": "move", "ids": ["a"], "to": "sweeps"}
    assert abc.refused("POST", "bulk", body)[0] == 404
    for wrong in ({"ids": ["nosuch"]}, {"ids": None, "q": "nosuch:1"}):
        abc.refused("POST", "bulk", {**body, **wrong, "create": True})
    assert not Experiment.objects.filter(name="sweeps").exists()
    plan = abc.post("bulk", **body, create=True, dry_run=True)
    assert (plan["changed"], abc.get("runs/a")["experiment"]) == (1, "digits")
    done = abc.post("bulk", **body, create=True)
    assert abc.get("runs/a")["experiment"] == "sweeps"
    mlflow = f"/w/{abc.workspace.name}/api/2.0/mlflow"
    info = abc.get(f"{mlflow}/runs/get?run_id=a")["run"]["info"]
    assert info["experiment_id"] == str(abc.get("runs/a")["experiment_id"])
    body_of_search = {"experiment_ids": [info["experiment_id"]]}
    found = abc.ok("POST", f"{mlflow}/runs/search", body_of_search)["runs"]
    assert [run["info"]["run_id"] for run in found] == ["a"]
    abc.post(f"changes/{done['change_set']}/undo")
    assert abc.get("runs/a")["experiment"] == "digits"


def test_runs_are_marked_and_locked(abc: Rest) -> None:
    body = {"action": "mark", "q": "", "status": "Running"}
    assert abc.refused("POST", "bulk", body)[1]["field"] == "status"
    done = abc.post("bulk", **{**body, "status": "Failed", "reason": "power cut"})
    assert (done["changed"], done["change_set"]) == (3, None)
    assert abc.get("runs/b")["error"] == "power cut"
    assert abc.post("bulk", action="lock", ids=["a"])["changed"] == 1
    plan = abc.post("bulk", action="archive", q="", dry_run=True)
    assert plan["skipped"] == {"locked": 1}
    assert abc.post("bulk", action="unlock", q="")["skipped"] == {"same": 2}
