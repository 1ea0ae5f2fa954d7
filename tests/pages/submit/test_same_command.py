"""The command of the form: every option that submits the same, or no command."""

from __future__ import annotations

import io
import json
import shlex
from typing import Any

import pytest

from runs.models import Secret, Snapshot
from tests.pages.submit.test_form import (
    NEW,
    browser,
    form_values,
    path_of,
    preview,
    submitted_run,
    team,
    zipped,
)
from tests.parts.elements import parse_page

__all__ = ["browser", "team"]

pytestmark = pytest.mark.django_db

FOLDER = {"script": "train.py", "experiment": "x", "target": "local"}


def command_of(client: Any, path: str, **fields: Any) -> list[str]:
    """The words of the command; empty if the form shows none."""
    shown = preview(client, path, **fields).all("#terminal-command")
    return shlex.split(shown[0].text.replace("\\ ", "")) if shown else []


def options_of(client: Any, path: str, **fields: Any) -> list[str]:
    """The options after those that every command has."""
    words = command_of(client, path, **fields)
    return words[words.index("--target") + 2 :] if words else []


def test_a_new_run_has_all_its_options(team, browser):
    for name in ("HF_TOKEN", "OTHER"):
        Secret.objects.create(
            workspace=team.workspace, name=name, ciphertext=b"", created=1, changed=1
        )
    words = command_of(
        browser,
        NEW,
        **FOLDER,
        arguments="--lr 0.1 --note 'a b'",
        variable=["A", "B"],
        variable_value=["1 2", ""],
        secret=["HF_TOKEN", "OTHER"],
        name="first net",
        tags="model: net\nplain",
        attempts="3",
        priority="-5",
    )
    assert words == [
        *("studio", "run", "submit-script", "--target", "local"),
        *("--experiment-name", "x", "--name", "first net"),
        *("--tag", "model=net", "--tag", "plain", "--env", "A=1 2", "--env", "B="),
        *("--secret", "HF_TOKEN", "--secret", "OTHER"),
        *("--max-attempts", "3", "--priority", "-5"),
        *("train.py", "--lr", "0.1", "--note", "a b"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"packages": "numpy"},
        {"minutes": "5"},
        {"program": "command", "command": "make"},
        {"swept": ["--lr"], "swept_values": ["1, 2"]},
        {"tags": "a=b: c"},
        {"source": "nosuch"},
    ],
    ids=str,
)
def test_a_new_run_that_no_option_describes_has_no_command(team, browser, fields):
    assert command_of(browser, NEW, **FOLDER)
    assert command_of(browser, NEW, **{**FOLDER, **fields}) == []


def test_only_a_folder_of_the_reader_has_a_command(team, browser):
    archive = io.BytesIO(zipped("train.py"))
    archive.name = "project.zip"
    answer = browser.post(f"{NEW}sources/", {"archive": archive})
    uploaded = json.loads(answer.content)["digest"]
    assert command_of(browser, NEW, **FOLDER, source=uploaded)
    submitted_run(team)
    of_a_run = Snapshot.objects.latest("pk").digest
    assert of_a_run != uploaded
    assert command_of(browser, NEW, **FOLDER, source=of_a_run) == []
    # The form begins with the sources of the newest run.
    page = parse_page(browser.get(f"{NEW}?source={of_a_run}"))
    assert page.all("#terminal-command") == []
    assert parse_page(browser.get(NEW)).all("#terminal-command") == []


NAME = ["--name", "net lr=6e-4"]


@pytest.mark.parametrize(
    ("changed", "options"),
    [
        ({}, NAME),
        ({"experiment": "other"}, ["--experiment-name", "other", *NAME]),
        ({"name": ""}, []),
        ({"attempts": "3"}, ["--max-attempts", "3", *NAME]),
        ({"priority": "9"}, ["--priority", "9", *NAME]),
        ({"tags": "candidate\nmodel: big"}, [*NAME, "--tag", "model=big"]),
        ({"tags": "candidate\nmodel: net\nnew"}, [*NAME, "--tag", "new"]),
        (
            {
                "variable": ["LONG", "OMP_NUM_THREADS", "A"],
                "variable_value": ["a\nb", "4", "1"],
            },
            ["--env", "OMP_NUM_THREADS=4", "--env", "A=1", *NAME],
        ),
    ],
    ids=str,
)
def test_each_change_of_a_run_is_an_option(team, browser, changed, options):
    path = path_of(submitted_run(team))
    sent = form_values(browser, path) | changed
    assert options_of(browser, path, **sent) == options


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": "candidate"},
        {"variable": ["OMP_NUM_THREADS"], "variable_value": ["8"]},
        {"secret": []},
        {"script": "lib/net.py"},
        {"minutes": "5"},
        {"packages": "numpy"},
        {"program": "command", "command": "make"},
    ],
    ids=str,
)
def test_a_change_that_no_option_describes_has_no_command(team, browser, changed):
    path = path_of(submitted_run(team))
    sent = form_values(browser, path)
    assert command_of(browser, path, **sent)
    assert command_of(browser, path, **{**sent, **changed}) == []


def test_other_sources_have_no_command(team, browser):
    path = path_of(submitted_run(team))
    sent = form_values(browser, path)
    archive = io.BytesIO(zipped("train.py"))
    archive.name = "project.zip"
    answer = browser.post(f"{NEW}sources/", {"archive": archive})
    sent["source"] = [json.loads(answer.content)["digest"]]
    assert command_of(browser, path, **sent) == []


def test_tags_that_follow_an_argument_are_no_option(team, browser):
    run = submitted_run(team, {"command": ["net"], "arguments": ["--model", "net"]})
    path = path_of(run)
    sent = form_values(browser, path) | {"arguments": "--model big"}
    assert options_of(browser, path, **sent) == ["--set", "model=big", *NAME]


def test_an_argument_of_the_command_itself_is_not_set(team, browser):
    run = submitted_run(team, {"command": ["net", "--lr", "1"]})
    path = path_of(run)
    sent = form_values(browser, path) | {"arguments": "--lr 2"}
    assert command_of(browser, path, **sent) == []


def test_a_sweep_is_not_resubmitted_as_one_run(team, browser):
    run = submitted_run(team)
    path = path_of(run)
    swept = {"swept": ["--lr"], "swept_values": ["1, 2"], "name": "net lr={lr}"}
    browser.post(path, form_values(browser, path) | swept)
    parent = path_of(type(run).objects.get(type="studio.sweep"))
    sent = form_values(browser, parent) | {"name": "n {lr}"}
    assert options_of(browser, parent, **sent) == [
        *("--sweep", "lr=1,2", "--name", "n {lr}")
    ]
    sent |= {"swept": [], "swept_values": []}
    assert command_of(browser, parent, **sent) == []
