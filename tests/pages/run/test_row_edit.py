"""Editors in the rows of the run list, as the server answers them."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.changes.edit_conflicts import version_token
from runs.actions.run.run_edits import rename_run, set_run_tags
from runs.models import ChangeSet, Member, Role, Run, User, Workspace
from tests.access.people import browser_of
from tests.pages.run.run_page import HTMX, PAGE, browser
from tests.parts.elements import every

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

LIST = "/w/default/runs/"
NAME, TAGS = f"{PAGE}row/name/", f"{PAGE}row/tags/"


def test_a_name_is_saved_with_an_undo(browser: Client, run: Run) -> None:
    form = browser.get(NAME, headers=HTMX).text
    assert f'name="seen" value="{version_token(run.name)}"' in form
    given = {"name": "better", "seen": version_token(run.name)}
    answer = browser.post(NAME, given, headers=HTMX)
    run.refresh_from_db()
    assert (answer.text, run.name) == ("", "better")
    said = json.loads(answer["HX-Trigger"])["toast"]
    made = ChangeSet.objects.latest("pk")
    assert said == {"text": "Renamed", "undo": f"/w/default/undo/{made.pk}/"}


def test_a_name_changed_by_someone_else_is_shown(
    browser: Client, run: Run, now: int
) -> None:
    given = {"name": "mine", "seen": version_token(run.name)}
    rename_run(run, "<theirs>", actor=Actor(), now=now)
    answer = browser.post(NAME, given, headers=HTMX)
    assert answer.status_code == 422
    assert "“&lt;theirs&gt;”" in answer.text
    assert 'value="mine"' in answer.text
    again = {"name": "mine", "seen": version_token("<theirs>")}
    assert browser.post(NAME, again, headers=HTMX).status_code == 200


def test_a_tag_is_added_and_changed(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    set_run_tags(run, {"seed": "1"}, actor=actor, now=now)
    for typed, said in (("seed: 2", "Tag changed"), ("word", "Tag added")):
        answer = browser.post(TAGS, {"tag": typed}, headers=HTMX)
        assert said in answer["HX-Trigger"]
    assert "HX-Trigger" not in browser.post(TAGS, {"tag": "word"}, headers=HTMX)
    tags = dict(run.tags.values_list("key__name", "value"))
    assert tags == {"seed": "2", "word": None}
    assert browser.post(TAGS, {"tag": " "}, headers=HTMX).status_code == 422


def test_a_removed_tag_can_be_restored(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    tags = {"seed": "<1>", "word": None, "mlflow.user": "ada"}
    set_run_tags(run, tags, actor=actor, now=now)
    form = browser.get(TAGS, headers=HTMX).text
    assert 'name="drop" value="seed" formnovalidate' in form
    assert "&lt;1&gt;" in form
    assert "mlflow.user" not in form
    given = {"tag": "", "drop": "seed"}
    said = json.loads(browser.post(TAGS, given, headers=HTMX)["HX-Trigger"])["toast"]
    assert said["text"] == "Tag removed"
    assert set(run.tags.values_list("key__name", flat=True)) == {"word", "mlflow.user"}
    assert "HX-Trigger" not in browser.post(TAGS, given, headers=HTMX)
    browser.post(said["undo"])
    assert run.tags.get(key__name="seed").value == "<1>"


def test_without_a_script_the_run_page_edits(browser: Client, run: Run) -> None:
    assert browser.get(NAME)["Location"] == f"{PAGE}name/"
    assert f'href="{PAGE}name/"' in browser.get(LIST).text
    assert f'href="{PAGE}name/"' in browser.get(LIST, headers=HTMX).text


def test_a_reader_sees_no_edit_button(workspace: Workspace, run: Run) -> None:
    reader = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=reader, role=Role.READER)
    page = browser_of(reader).get(LIST)
    assert len(every(page, "[data-row-link]")) == 1
    assert every(page, ".row-edit") == []
