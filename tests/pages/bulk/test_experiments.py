"""The dialogs that change selected experiments, without scripts and with them."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.models import (
    ChangeSet,
    Experiment,
    ExperimentTag,
    Member,
    Role,
    User,
    Workspace,
)
from tests.access.people import browser_of
from tests.pages.rows import HTMX
from tests.parts.elements import every, texts

pytestmark = pytest.mark.django_db
ALL = "/w/default/experiments/"
BULK = "/w/default/list/bulk/experiments/"


@pytest.fixture
def some(workspace: Workspace, actor: Actor, now: int) -> list[Experiment]:
    return [
        create_experiment(workspace, f"e{n}", actor=actor, now=now) for n in range(3)
    ]


def query(some: list[Experiment]) -> str:
    return "?" + "&".join(f"e={each.number}" for each in some)


def test_selected_experiments_are_deleted_and_come_back_by_one_undo(
    visitor: Client, some: list[Experiment]
) -> None:
    boxes = every(visitor.get(ALL), "td.pick input")
    assert [box["form"] for box in boxes] == ["pick-form"] * 3
    dialog = visitor.get(f"{BULK}delete/{query(some[:2])}", headers=HTMX)
    assert texts(dialog, "h2") == ["Delete 2 experiments"]
    sent = {"e": [each.number for each in some[:2]], "next": f"{ALL}?sort=name"}
    answer = visitor.post(f"{BULK}delete/", sent)
    assert answer.headers["Location"] == f"{ALL}?sort=name"
    assert Experiment.objects.exclude(deleted=None).count() == 2
    trash = visitor.get(f"{ALL}?q=deleted:true")
    assert [each["id"] for each in every(trash, ".tray button")] == ["tray-restore"]
    assert "2 experiments moved to the trash" in texts(trash, "#toasts")[0]
    visitor.post("/w/default/undo/", {"next": ALL})
    assert not Experiment.objects.exclude(deleted=None).exists()


def test_the_dialog_of_tags_previews_and_refuses_bad_ones(
    visitor: Client, some: list[Experiment]
) -> None:
    address = f"{BULK}tag/{query(some)}"
    dialog = visitor.get(f"{address}&new=team: nlp", headers=HTMX)
    assert "3 experiments change" in " ".join(texts(dialog, "#bulk-plan")[0].split())
    page = visitor.get(f"{address}&new=team: nlp")
    assert texts(page, ".bulk-head h2") == ["Tag 3 experiments"]
    sent = {"e": [each.number for each in some], "new": "team: nlp"}
    assert visitor.post(f"{BULK}tag/", sent).status_code == 302
    rows = ExperimentTag.objects.filter(key="team", value="nlp")
    assert rows.count() == 3
    assert visitor.post(f"{BULK}tag/", {**sent, "new": "a" * 400}).status_code == 422
    visitor.post(f"{BULK}tag/", {**sent, "new": [], "tag.team": "remove"})
    assert not rows.exists()


def test_hostile_selections_change_nothing(
    visitor: Client, workspace: Workspace, some: list[Experiment]
) -> None:
    sent = {"e": ["x", "-1", "9" * 30, "99", "²"], "next": "https://evil.example/"}
    answer = visitor.post(f"{BULK}archive/", sent)
    assert answer.headers["Location"] == ALL
    assert visitor.get(f"{BULK}nothing/").status_code == 404
    assert not ChangeSet.objects.exists()


def test_readers_get_neither_boxes_nor_dialogs(
    workspace: Workspace, some: list[Experiment]
) -> None:
    other = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=other, role=Role.READER)
    reader = browser_of(other)
    assert not every(reader.get(ALL), ".pick")
    assert reader.get(f"{BULK}archive/{query(some)}").status_code == 403
