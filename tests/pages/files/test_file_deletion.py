"""A file is deleted on its page, and comes back by the message or the history."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from runs.models import LoggedModel, Role, Run
from tests.access.people import browser_of, make_member
from tests.pages.run.run_page import PAGE, browser, keep
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

FILES = f"{PAGE}files/"
DELETE = f"{FILES}delete/"


@pytest.fixture
def model(run: Run) -> LoggedModel:
    return LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=run.experiment,
        model_id="m-1",
        name="classifier",
        status="READY",
        source_run=run,
        created=NOON,
        updated=NOON,
    )


def undo_of_message(page: str) -> str:
    found = re.search(r"/w/default/runs/run-1/undo/\d+/", page)
    assert found
    return found[0]


@pytest.mark.parametrize("name", ["logs/a.txt", "数据/<b>.bin"])
def test_a_deleted_file_comes_back(browser: Client, run: Run, name: str) -> None:
    keep(run, name, b"text\n")
    page = browser.get(FILES, {"path": name}).text
    assert f'action="{DELETE}"' in page
    shown = browser.post(DELETE, {"path": name}, follow=True).text
    assert "It can be restored for 30 days." in shown
    assert browser.get(FILES, {"path": name}).status_code == 404
    history = browser.get(f"{PAGE}history/").text
    assert "Files deleted" in history
    assert "(5 bytes, b9e68e1bea3e)" in history
    browser.post(undo_of_message(shown))
    assert browser.get(FILES, {"path": name}).status_code == 200


def test_a_model_s_file_comes_back(browser: Client, model: LoggedModel) -> None:
    keep(model, "MLmodel")
    sent = {"path": "MLmodel", "model": "m-1"}
    shown = browser.post(DELETE, sent, follow=True).text
    assert browser.get(FILES, sent).status_code == 404
    browser.post(undo_of_message(shown))
    assert browser.get(FILES, sent).status_code == 200


@pytest.mark.parametrize("sent", [{"path": "b"}, {"path": "../x"}, {"path": ""}, {}])
def test_what_is_no_file_is_refused(browser: Client, run: Run, sent: dict) -> None:
    keep(run, "a")
    assert browser.post(DELETE, sent).status_code in (400, 404)
    assert browser.get(FILES, {"path": "a"}).status_code == 200


def test_a_reader_sees_no_button(run: Run) -> None:
    keep(run, "a")
    reader = browser_of(make_member(run.workspace, "rae", Role.READER))
    assert DELETE not in reader.get(FILES, {"path": "a"}).text
