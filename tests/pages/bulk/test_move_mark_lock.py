"""The dialogs that move, mark, lock and restore selected runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.models import Experiment, Member, Role, Run, User, Workspace
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.pages.bulk.test_bulk import ABC, BULK, plan
from tests.pages.rows import ALL, HTMX
from tests.parts.elements import one

pytestmark = pytest.mark.django_db


@pytest.fixture
def abc(log: Any) -> list[Run]:
    return [log(name) for name in "abc"]


def places() -> set[str]:
    names = Run.objects.filter(run_id__in="abcd")
    return set(names.values_list("experiment__name", flat=True))


def test_runs_move_to_a_new_experiment_and_back(
    visitor: Client, abc: list[Run], log: Any
) -> None:
    log("d", parent="a")
    old = places()
    said = plan(visitor.get(f"{BULK}move/?selected=a&to=Sweeps", headers=HTMX))
    assert "The experiment Sweeps will be created. 1 child run moves with its" in said
    assert said.endswith("Move 2 runs")
    assert not Experiment.objects.filter(name="Sweeps").exists()
    answer = visitor.post(f"{BULK}move/?selected=a,b,c", {"to": "Sweeps"})
    page = visitor.get(answer["Location"])
    assert "4 runs moved" in page.text
    assert places() == {"Sweeps"}
    history = visitor.get("/w/default/runs/d/history/").text
    assert "Moved to another experiment" in history
    assert "Sweeps, number" in history
    visitor.post("/w/default/undo/")
    assert places() == old


def test_a_child_run_alone_is_named_and_stays(
    visitor: Client, abc: list[Run], log: Any
) -> None:
    log("d", parent="a")
    said = plan(visitor.get(f"{BULK}move/?selected=d&to=Sweeps"))
    assert "1 child run moves only with its root" in said
    assert "Move 1" not in said
    menu = visitor.get("/w/default/runs/d/").text
    assert "A child run moves only with its root." in menu
    assert "list/bulk/move/?selected=a" in visitor.get("/w/default/runs/a/").text


@pytest.mark.parametrize("name", ["", " ", "x" * 600, "gone"])
def test_an_experiment_that_takes_no_runs_is_refused(
    visitor: Client, abc: list[Run], workspace: Workspace, name: str
) -> None:
    Experiment.objects.create(
        workspace=workspace, name="gone", number=77, created=1, updated=1, deleted=1
    )
    known = Experiment.objects.count()
    answer = visitor.post(f"{BULK}move/{ABC}", {"to": name})
    assert answer.status_code == 422
    assert one(answer, ".problem")
    assert Experiment.objects.count() == known


def test_runs_that_have_not_ended_are_marked(visitor: Client, abc: list[Run]) -> None:
    Run.objects.filter(run_id="a").update(status=RunStatus.COMPLETED.code)
    Run.objects.filter(run_id="b").update(launcher="agent")
    Run.objects.filter(run_id="c").update(status=RunStatus.RUNNING.code, ended=None)
    dialog = visitor.get(f"{BULK}mark/{ABC}&status=Failed", headers=HTMX)
    said = plan(dialog)
    assert "1 run has ended" in said
    assert "can’t be undone" in said
    sent = {"status": "Failed", "reason": "power cut"}
    page = visitor.post(f"{BULK}mark/{ABC}", sent, follow=True)
    assert "1 run marked as Failed, 2 skipped" in page.text
    stored = Run.objects.get(run_id="c")
    assert (stored.state, stored.error) == (RunStatus.FAILED, "power cut")
    assert visitor.post(f"{BULK}mark/{ABC}", {"status": "Running"}).status_code == 400


def test_runs_are_locked_and_only_owners_unlock_those_of_others(
    workspace: Workspace, visitor: Client, abc: list[Run]
) -> None:
    bo = User.objects.create(username="bo")
    Member.objects.create(workspace=workspace, user=bo, role=Role.CONTRIBUTOR)
    theirs = browser_of(bo)
    theirs.post(f"{BULK}lock/?selected=a")
    visitor.post(f"{BULK}lock/?selected=b")
    said = plan(theirs.get(f"{BULK}unlock/{ABC}"))
    assert "another member locked 1 run" in said
    assert said.endswith("Unlock 1 run")
    User.objects.exclude(pk=bo.pk).update(display_name="Mia Okafor")
    said = plan(theirs.get(f"{BULK}archive/{ABC}"))
    assert "2 runs are locked a locked by you" in said
    assert "b locked by Mia Okafor" in said
    theirs.post(f"{BULK}unlock/{ABC}")
    assert list(Run.objects.filter(locked=True)) == [abc[1]]
    visitor.post(f"{BULK}unlock/{ABC}")
    assert not Run.objects.filter(locked=True).exists()


def test_child_runs_are_restored_with_their_parents(
    visitor: Client, abc: list[Run], log: Any
) -> None:
    log("d", parent="a")
    visitor.post(f"{BULK}delete/?selected=a")
    assert Run.objects.filter(deleted=None).count() == 2
    trash = f"{ALL}?q=deleted:true&children=1&selected=a"
    assert 'id="tray-restore"' in visitor.get(trash).text
    address = f"{BULK}restore/?q=deleted:true&children=1&selected=a"
    dialog = visitor.get(address)
    assert "with their 1 child run" in dialog.text
    visitor.post(address)
    assert not Run.objects.exclude(deleted=None).exists()
