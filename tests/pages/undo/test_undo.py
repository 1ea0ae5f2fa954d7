"""Undo from pages of many runs."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import describe_experiment
from runs.actions.run.run_edits import rename_run
from runs.models import ChangeSet, Experiment, Member, Role, Run, User, Workspace
from tests.access.people import browser_of
from tests.pages.run.run_page import HTMX, browser

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

UNDO = "/w/default/undo/"


def test_my_last_change_is_undone_and_redone(
    browser: Client, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    rename_run(run, "mine", actor=actor, now=now)
    describe_experiment(experiment, "mine too", actor=actor, now=now)
    describe_experiment(experiment, "not mine", actor=Actor(), now=now)
    rename_run(run, "theirs", actor=Actor(), now=now)
    asked = browser.post(UNDO, headers=HTMX)
    assert asked["HX-Retarget"] == "#undo-dialog"
    assert "not mine" in asked.text
    mine = ChangeSet.objects.filter(actor=actor.user).latest("pk")
    answer = browser.post(f"{UNDO}{mine.pk}/", {"anyway": "1"}, headers=HTMX)
    experiment.refresh_from_db()
    assert experiment.description == ""
    said = json.loads(answer["HX-Trigger"])["toast"]
    made = ChangeSet.objects.latest("pk")
    assert (said["text"], said["label"]) == ("Undone", "Redo")
    assert said["undo"] == f"{UNDO}{made.pk}/"


def test_forms_without_scripts_redirect_back(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    before = run.name
    rename_run(run, "mine", actor=actor, now=now)
    answer = browser.post(UNDO, {"next": "/w/default/runs/?q=a"})
    assert answer["Location"] == "/w/default/runs/?q=a"
    run.refresh_from_db()
    assert run.name == before
    assert browser.post(UNDO, {"next": "http://evil/"})["Location"].startswith("/w/")


def test_a_change_of_another_workspace_is_not_found(
    browser: Client, run: Run, owner: User, actor: Actor, now: int
) -> None:
    rename_run(run, "x", actor=actor, now=now)
    there = Workspace.objects.create(name="elsewhere")
    Member.objects.create(workspace=there, user=owner, role=Role.OWNER)
    number = ChangeSet.objects.latest("pk").pk
    assert browser.post(f"/w/elsewhere/undo/{number}/").status_code == 404


def test_a_reader_cannot_undo_changes_of_runs(
    workspace: Workspace, run: Run, actor: Actor, now: int
) -> None:
    reader = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=reader, role=Role.READER)
    visitor = browser_of(reader)
    rename_run(run, "theirs", actor=Actor(reader), now=now)
    assert visitor.post(UNDO).status_code == 403
    made = ChangeSet.objects.latest("pk")
    assert visitor.post(f"{UNDO}{made.pk}/").status_code == 403


def test_private_details_are_not_shown(browser: Client, run: Run) -> None:
    assert "no change to undo" in browser.post(UNDO, headers=HTMX)["HX-Trigger"]
