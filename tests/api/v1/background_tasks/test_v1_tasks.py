"""Background tasks by REST: started by large changes, listed, read, stopped."""

from __future__ import annotations

from typing import Any

import pytest

from runs.api.v1.changes import bulk, undo
from runs.models import BackgroundTask, Role, RunTag
from tests.access.people import make_member
from tests.actions.background_tasks.working import do_background_tasks
from tests.api.rest import Rest

pytestmark = pytest.mark.django_db


@pytest.fixture
def abc(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> Rest:
    monkeypatch.setattr(bulk, "LARGE_CHANGE", 2)
    monkeypatch.setattr(undo, "LARGE_CHANGE", 2)
    for run_id in "abc":
        rest.new_run(run_id)
    return rest


def tag(rest: Rest, **more: object) -> Any:
    body = {"action": "tag", "q": "", "tags": {"good": "yes"}, **more}
    return rest.ok("POST", "bulk", body, 202)["task"]


def work() -> None:
    do_background_tasks(0)


def test_a_large_change_is_a_background_task_and_so_is_its_undo(abc: Rest) -> None:
    task = tag(abc)
    assert (task["state"], task["total"], task["position"]) == ("waiting", 3, 0)
    assert not RunTag.objects.exists()
    work()
    done = abc.get(f"tasks/{task['id']}")
    assert (done["state"], done["changed"], done["user"]) == (
        "done",
        3,
        abc.user.username,
    )
    assert RunTag.objects.filter(value="yes").count() == 3
    abc.post("bulk", action="tag", ids=["a"], tags={"good": "no"})
    back = abc.ok("POST", f"changes/{done['change_set']}/undo", {}, 202)
    assert back["action"] == "undo"
    work()
    undone = abc.get(f"tasks/{back['task']['id']}")
    assert (undone["changed"], undone["skipped"]) == (2, {"changed": 1})
    [later] = undone["later"]
    assert (later["run"], later["now"]) == ("a", {"value": "no"})


def test_tasks_are_listed_by_page_the_newest_first(abc: Rest) -> None:
    first, second = tag(abc)["id"], tag(abc, request_id="x" * 64)["id"]
    assert tag(abc, request_id="x" * 64)["id"] == second
    page = abc.get("tasks", limit=1)
    assert [task["id"] for task in page["tasks"]] == [second]
    rest = abc.get("tasks", before=page["before"])
    assert ([task["id"] for task in rest["tasks"]], rest["before"]) == ([first], None)
    work()
    assert abc.get("tasks", open=1)["tasks"] == []
    body = {"action": "tag", "q": "", "tags": {"a": ""}, "request_id": "x" * 65}
    assert abc.refused("POST", "bulk", body)[1]["field"] == "request_id"
    assert abc.refused("GET", "tasks?limit=0")[0] == 400


def test_members_stop_their_own_tasks_and_owners_any(abc: Rest) -> None:
    task = tag(abc)
    BackgroundTask.objects.update(user=make_member(abc.workspace, "bo", Role.OWNER))
    assert abc.refused("POST", f"tasks/{task['id']}/stop")[0] == 403
    BackgroundTask.objects.update(user=abc.user)
    assert abc.post(f"tasks/{task['id']}/stop")["state"] == "stopped"
    work()
    assert not RunTag.objects.exists()
    assert abc.post(f"tasks/{task['id']}/stop")["state"] == "stopped"
