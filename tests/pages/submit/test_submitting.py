"""New runs, resubmitted runs and sweeps from the form."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from runs.actions.run_rows import write_tags
from runs.models import Job, Run, RunDefinition, RunProperty, RunSnapshot, RunTag
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.pages.submit.test_form import (
    NEW,
    browser,
    form_values,
    path_of,
    submitted_run,
    team,
    zipped,
)
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import parse_page

__all__ = ["browser", "team"]

pytestmark = pytest.mark.django_db


def definition_of(run: Run) -> dict[str, Any]:
    return dict(json.loads(RunDefinition.objects.get(run=run).content))


def newest() -> Run:
    return Run.objects.latest("pk")


def uploaded(*names: str) -> io.BytesIO:
    archive = io.BytesIO(zipped(*names))
    archive.name = "project.zip"
    return archive


def test_an_unchanged_resubmission_is_the_same_run_again(team, browser):
    old = submitted_run(team)
    answer = browser.post(path_of(old), form_values(browser, path_of(old)))
    new = newest()
    assert answer.headers["Location"] == f"/w/lab/runs/{new.run_id}/"
    assert new.state is RunStatus.QUEUED
    assert new.name == old.name
    expected = {**definition_of(old), "target": "gpu-cluster", "maxAttempts": 1}
    assert definition_of(new) == expected
    snapshots = {link.snapshot_id for link in RunSnapshot.objects.all()}
    assert len(snapshots) == 1
    assert RunTag.objects.filter(run=new).count() == 2
    origin = RunProperty.objects.get(run=new, key__name="studio.resubmitted_from")
    assert origin.value == old.run_id


def test_every_part_can_be_changed(team, browser):
    ComputeScene(team.workspace, team.contributor).target("other")
    old = submitted_run(team)
    sent = form_values(browser, path_of(old)) | {
        "script": "lib/net.py",
        "arguments": "--name 'a b' '--x=it'\"'\"'s' \"two\r\nlines\"",
        "variable": ["A"],
        "variable_value": [" 1 "],
        "target": "other",
        "experiment": "new experiment",
        "name": "changed",
        "tags": "a: b: c\r\nplain",
        "attempts": "3",
        "priority": "-7",
        "minutes": "10",
        "packages": "numpy>=2\r\n",
    }
    del sent["secret"]
    assert browser.post(path_of(old), sent).status_code == 302
    new, found = newest(), definition_of(newest())
    assert (new.name, new.experiment.name) == ("changed", "new experiment")
    assert found["script"] == "lib/net.py"
    assert found["arguments"] == ["--name", "a b", "--x=it's", "two\nlines"]
    assert found["environmentVariables"] == {"A": " 1 "}
    assert found["secrets"] == []
    assert found["maxRunDurationSeconds"] == 600
    assert found["history"] == {"directoriesToWatch": ["logs"]}
    python = found["environment"]["python"]
    assert python["userManagedDependencies"] is False
    assert python["condaDependencies"]["dependencies"] == [{"pip": ["numpy>=2"]}]
    tags = RunTag.objects.filter(run=new).values_list("key__name", "value")
    assert dict(tags) == {"a": "b: c", "plain": None}
    assert Job.objects.get(run=new).max_attempts == 3
    assert Job.objects.get(run=new).priority == found["priority"] == -7
    assert form_values(browser, path_of(new))["priority"] == ["-7"]
    assert Job.objects.get(run=new).target.name == "other"


def test_a_new_run_starts_from_an_uploaded_archive(team, browser):
    sent = {"script": "train.py", "experiment": "first", "target": "local"}
    answer = browser.post(NEW, {**sent, "archive": uploaded("p/train.py", "p/a.txt")})
    assert answer.status_code == 302
    assert RunSnapshot.objects.get(run=newest()).snapshot.files == 2
    assert newest().target == "local"


def test_an_upload_survives_an_error_of_the_form(team, browser):
    sent = {"script": "", "experiment": "first", "target": "local"}
    answer = browser.post(NEW, {**sent, "archive": uploaded("train.py")})
    assert answer.status_code == 422
    page = parse_page(answer)
    assert "Enter the script" in page.one("[role=alert]").text
    [option] = page.all("#source option")
    again = {**sent, "script": "train.py", "source": option["value"]}
    assert browser.post(NEW, again).status_code == 302


def test_a_command_needs_no_sources(team, browser):
    sent = {"program": "command", "command": "echo a && echo b", "target": "local"}
    assert browser.post(NEW, {**sent, "experiment": "x"}).status_code == 302
    assert definition_of(newest())["command"] == "echo a && echo b"


def test_a_command_of_words_stays_words(team, browser):
    old = submitted_run(team, {"command": ["python", "-c", "print('a b')"]})
    browser.post(path_of(old), form_values(browser, path_of(old)))
    assert definition_of(newest())["command"] == ["python", "-c", "print('a b')"]


def test_line_breaks_of_a_command_are_kept(team, browser):
    command = ["python", "-c", "a = 1\nprint(a)\n"]
    old = submitted_run(team, {"command": command})
    browser.post(path_of(old), form_values(browser, path_of(old)))
    assert definition_of(newest())["command"] == command


def test_a_limit_of_seconds_is_kept_until_it_is_changed(team, browser):
    old = submitted_run(team, {"command": "true", "maxRunDurationSeconds": 90})
    sent = form_values(browser, path_of(old))
    assert sent["minutes"] == ["1.5"]
    browser.post(path_of(old), sent)
    assert definition_of(newest())["maxRunDurationSeconds"] == 90
    browser.post(path_of(old), {**sent, "minutes": "2"})
    assert definition_of(newest())["maxRunDurationSeconds"] == 120
    browser.post(path_of(old), {**sent, "minutes": ""})
    assert "maxRunDurationSeconds" not in definition_of(newest())


def tags_of(run: Run) -> dict[str, str | None]:
    return dict(RunTag.objects.filter(run=run).values_list("key__name", "value"))


def test_tags_that_are_no_plain_lines_are_kept(team, browser):
    old = submitted_run(team)
    unusual = {"model:size": "125m", "note": "two\nlines", "plain": None}
    write_tags(old, unusual)
    before = tags_of(old)
    sent = form_values(browser, path_of(old))
    browser.post(path_of(old), sent)
    assert tags_of(newest()) == before
    sent["tags"] = [f"{sent['tags'][0]}\r\nadded: 1"]
    browser.post(path_of(old), sent)
    assert tags_of(newest()) == {**before, "added": "1"}


def test_tags_of_swept_values_follow_the_arguments(team, browser):
    definition = {"command": ["net"], "arguments": ["--lr", "1", "--seed", "7"]}
    old = submitted_run(team, definition)
    values = {"lr": "1", "seed": "7", "model": "1"}
    write_tags(old, values)
    sent = form_values(browser, path_of(old))
    browser.post(path_of(old), {**sent, "arguments": "--lr 2"})
    found = tags_of(newest())
    assert (found["lr"], found["model"], "seed" in found) == ("2", "1", False)


def test_a_swept_value_can_look_like_a_range(team, browser):
    old = submitted_run(team)
    swept = {"swept": ["--split"], "swept_values": ["'1..5'"]}
    browser.post(path_of(old), form_values(browser, path_of(old)) | swept)
    parent = Run.objects.get(type="studio.sweep")
    assert form_values(browser, path_of(parent))["swept_values"][0] == "'1..5'"
    assert parent.children.count() == 1


def test_a_sweep_becomes_a_parent_with_its_runs(team, browser):
    old = submitted_run(team)
    sent = form_values(browser, path_of(old)) | {
        "swept": ["--lr", "seed", ""],
        "swept_values": ["3e-4, 1e-3", "1..3", ""],
        "at_once": "2",
        "name": "net lr={lr} seed={seed}",
    }
    answer = browser.post(path_of(old), sent)
    parent = Run.objects.get(type="studio.sweep")
    assert answer.headers["Location"] == f"/w/lab/runs/{parent.run_id}/children/"
    children = list(parent.children.order_by("pk"))
    assert [child.name for child in children[:2]] == [
        "net lr=3e-4 seed=1",
        "net lr=3e-4 seed=2",
    ]
    assert len(children) == 6
    arguments = definition_of(children[-1])["arguments"]
    assert arguments[:2] == ["--lr", "1e-3"]
    assert arguments[-2:] == ["--seed", "3"]
    assert parent.sweep.at_once == 2
    page = parse_page(browser.get(answer.headers["Location"]))
    assert "6 runs submitted." in page.one("#toasts").text


def test_a_sweep_without_names_gets_them_from_its_values(team, browser):
    sent = {
        "script": "lib/net.py",
        "experiment": "x",
        "target": "local",
        "name": "",
        "swept": ["--lr"],
        "swept_values": ["1, 2"],
        "archive": uploaded("lib/net.py", "train.py"),
    }
    browser.post(NEW, sent)
    names = Run.objects.filter(parent__isnull=False).values_list("name", flat=True)
    assert sorted(names) == ["net lr=1", "net lr=2"]


def test_a_random_sweep_has_as_many_runs_as_wanted(team, browser):
    old = submitted_run(team)
    sent = form_values(browser, path_of(old)) | {
        "swept": ["--lr"],
        "swept_values": ["1e-5..1e-2"],
        "sampling": "random",
        "count": "4",
    }
    browser.post(path_of(old), sent)
    parent = Run.objects.get(type="studio.sweep")
    assert parent.children.count() == 4
    assert len({child.name for child in parent.children.all()}) == 4


def test_a_sweep_can_be_submitted_again(team, browser):
    old = submitted_run(team)
    sent = form_values(browser, path_of(old)) | {
        "swept": ["--lr", "--seed"],
        "swept_values": ["3e-4, 'a, b'", "1..2"],
    }
    browser.post(path_of(old), sent)
    parent = Run.objects.get(type="studio.sweep")
    again = form_values(browser, path_of(parent))
    assert again["swept"][:2] == ["--lr", "--seed"]
    assert again["swept_values"][:2] == ["3e-4, 'a, b'", "1..2"]
    browser.post(path_of(parent), again)
    assert Run.objects.filter(type="studio.sweep").count() == 2
    assert Run.objects.filter(parent=Run.objects.latest("pk").parent).count() == 4


def test_what_can_not_be_submitted_leaves_nothing(team, browser):
    old = submitted_run(team)
    before = Run.objects.count()
    sent = form_values(browser, path_of(old)) | {"arguments": "'open", "name": "typed"}
    answer = browser.post(path_of(old), sent)
    assert answer.status_code == 422
    page = parse_page(answer)
    assert "quote" in page.one("[role=alert]").text
    assert page.one("#name")["value"] == "typed"
    assert page.one("#arguments").text == "'open"
    assert Run.objects.count() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"target": "nosuch"},
        {"secret": ["NOSUCH"]},
        {"source": "nosuch"},
        {"script": "nosuch.py"},
    ],
    ids=str,
)
def test_what_does_not_exist_is_named(team, browser, changed):
    old = submitted_run(team)
    sent = form_values(browser, path_of(old)) | changed
    answer = browser.post(path_of(old), sent)
    assert answer.status_code == 422
    assert parse_page(answer).one("[role=alert]").text


def test_readers_submit_nothing(team):
    old = submitted_run(team)
    reader = browser_of(team.reader)
    for path in (NEW, f"{NEW}sources/", path_of(old)):
        assert reader.post(path).status_code == 403
