"""Descriptions of runs and experiments: pictures, completion, versions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.changes.edit_conflicts import version_token
from runs.actions.experiments.experiments import describe_experiment
from runs.actions.run.run_edits import describe_run
from runs.actions.run.runs import create_run
from runs.models import ChangeSet, Experiment, File, Member, Role, Run, User, Workspace
from runs.render.descriptions.markdown import find_references
from runs.render.descriptions.references import write_reference
from tests.access.people import browser_of
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, keep, log

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

EXPERIMENT = "/w/default/experiments/digits/"
PICTURES = f"{PAGE}description/pictures/"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture(autouse=True)
def _files(files_dir: object) -> None:
    """Files are kept in a folder of the test."""


def given(name: str, data: bytes) -> dict[str, object]:
    return {"picture": SimpleUploadedFile(name, data, "image/png")}


def test_a_pasted_image_is_stored_with_the_run(browser: Client, run: Run) -> None:
    answer = browser.post(PICTURES, given("../my plot (1).PNG", PNG))
    file = File.objects.get(run=run)
    assert re.fullmatch(r"notes/my-plot-1-[0-9a-f]{8}\.png", file.path)
    assert answer.status_code == 201
    assert answer.json() == {"text": f"![my-plot-1](file:{file.path})"}
    text = {"text": answer.json()["text"], "preview": "1"}
    shown = browser.post(f"{PAGE}description/", text, headers=HTMX).text
    href = re.search(r'<img src="([^"]+)"', shown)
    assert href
    assert b"".join(browser.get(href[1]).streaming_content) == PNG  # type: ignore[attr-defined]


def test_the_same_image_is_stored_once(browser: Client, run: Run) -> None:
    assert browser.post(PICTURES, given("a.png", PNG)).status_code == 201
    assert browser.post(PICTURES, given("a.png", PNG)).status_code == 201
    assert File.objects.count() == 1
    heartbeat = run.heard
    run.refresh_from_db()
    assert run.heard == heartbeat  # by its script, that is


@pytest.mark.parametrize(
    "data",
    [b"", b"text", b"<svg onload='alert(1)'/>", b"GIF8", b"RIFF....WAVE", PNG[1:]],
)
def test_files_that_are_not_images_are_refused(
    browser: Client, run: Run, data: bytes
) -> None:
    answer = browser.post(PICTURES, given("a.png", data))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidValue"
    assert not File.objects.exists()


def test_a_too_large_image_is_refused(browser: Client, run: Run) -> None:
    answer = browser.post(PICTURES, given("a.png", PNG + b"x" * 10 * 1024 * 1024))
    assert answer.status_code == 413
    assert not File.objects.exists()


def test_a_picture_is_attached_without_a_script(browser: Client, run: Run) -> None:
    form = {
        "text": "before",
        "seen": version_token(""),
        "attach": "1",
        **given("a.gif", PNG),
    }
    page = browser.post(f"{PAGE}description/", form).text
    assert re.search(r">\nbefore\n\n!\[a\]\(file:notes/a-\w{8}\.png\)\n<", page)
    again = browser.post(f"{PAGE}description/", {"text": "t", "attach": "1"})
    assert again.status_code == 422
    assert "Choose a picture first" in again.text


def test_attaching_an_image_keeps_the_unsaved_text(
    browser: Client, run: Run, files_dir: Path
) -> None:
    keep(run, "notes")
    kept = blobs(files_dir)
    form = {"text": "a long thought", "attach": "1", **given("a.png", PNG)}
    answer = browser.post(f"{PAGE}description/", form)
    assert answer.status_code == 422
    assert ">\na long thought<" in answer.text
    assert "is a file, not a folder" in answer.text
    assert browser.post(PICTURES, given("a.png", PNG)).status_code == 409
    assert blobs(files_dir) == kept


def blobs(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_reader_cannot_attach_images(workspace: Workspace, run: Run) -> None:
    reader = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=reader, role=Role.READER)
    visitor = browser_of(reader)
    assert visitor.post(PICTURES, given("a.png", PNG)).status_code == 403
    assert visitor.get(f"{PAGE}description/known/?text=run:").status_code == 403


def offered(browser: Client, home: str, typed: str) -> list[str]:
    text = browser.get(f"{home}description/known/", {"text": typed}).text
    return re.findall(r'data-insert="([^"]*)"', text)


def test_references_are_completed(
    browser: Client, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    create_run(experiment, run_id="other-2", name="quincetree", actor=actor, now=now)
    log(run, **{"val/acc": [1.0], "val acc": [1.0], "loss": [1.0], 'o"dd': [1.0]})
    keep(run, "logs/std_log.txt")
    keep(run, "plots/my plot.png")
    assert offered(browser, PAGE, "run:quincetr") == ["run:other-2"]
    assert offered(browser, EXPERIMENT, "run:quincetr") == ["run:other-2"]
    assert set(offered(browser, PAGE, "run:")) == {"run:other-2", "run:run-1"}
    assert offered(browser, PAGE, "metric:val/") == ["metric:val/acc"]
    assert offered(browser, PAGE, 'metric:"val ') == ["metric:&quot;val acc&quot;"]
    assert "[o&quot;dd](&lt;metric:o%22dd&gt;)" in offered(browser, PAGE, "metric:o")
    assert offered(browser, PAGE, "file:std") == ["file:logs/std_log.txt"]
    assert offered(browser, PAGE, "file:plots/my") == [
        "file:&quot;plots/my plot.png&quot;"
    ]
    assert offered(browser, EXPERIMENT, "metric:val") == []
    assert offered(browser, PAGE, "nosuch:a") == []


def test_suggested_references_parse_to_their_target(browser: Client, run: Run) -> None:
    for name in (
        "val/acc",
        "a b",
        "x.",
        "o\"dd'",
        "a(b)",
        "50%",
        "a#L3",
        "中文",
        "a@b",
    ):
        [found] = find_references(f"see {write_reference('metric', name)} there")
        assert found.named == name


def test_versions_are_listed_compared_and_restored(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    describe_run(run, "the quick fox", actor=actor, now=now)
    first = ChangeSet.objects.latest("pk").changes.get().pk
    describe_run(run, "the <b>slow</b> fox", actor=actor, now=now + 1)
    assert "2 versions" in browser.get(PAGE).text
    page = browser.get(f"{PAGE}description/versions/").text
    assert page.count('href="?version=') == 2
    assert "<del>quick</del><ins>&lt;b&gt;slow&lt;/b&gt;</ins> fox" in page
    assert "This is the current text" in page
    old = browser.get(f"{PAGE}description/versions/?version={first}").text
    assert '<div class="prose"><p>the quick fox</p></div>' in old
    answer = browser.post(
        f"{PAGE}description/versions/restore/", {"version": str(first)}, follow=True
    )
    run.refresh_from_db()
    assert run.description == "the quick fox"
    assert "Version restored" in answer.text
    browser.post(f"{PAGE}undo/")
    run.refresh_from_db()
    assert run.description == "the <b>slow</b> fox"


@pytest.mark.parametrize("version", ["999999", "x", "-1", "9" * 30])
def test_a_missing_version_is_not_found(
    browser: Client, run: Run, version: str
) -> None:
    address = f"{PAGE}description/versions/"
    assert browser.get(f"{address}?version={version}").status_code == 404
    answer = browser.post(f"{address}restore/", {"version": version})
    assert answer.status_code == 404


def test_a_description_from_the_start_is_the_first_version(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(
        experiment, run_id="run-1", description="born so", actor=actor, now=now
    )
    address = f"{PAGE}description/versions/"
    assert "Original text" in browser.get(address).text
    assert "Edited by" not in browser.get(PAGE).text
    describe_run(run, "later", actor=actor, now=now)
    page = browser.get(f"{address}?version=0").text
    assert page.count('href="?version=') == 2
    assert "<ins>born so</ins>" in page


def test_an_experiment_is_described_in_place(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    assert "Add a description" in browser.get(EXPERIMENT).text
    form = browser.get(f"{EXPERIMENT}description/", headers=HTMX).text
    assert 'id="experiment-description"' in form
    given = {"text": "# About\n\n**all** of it", "seen": version_token("")}
    answer = browser.post(f"{EXPERIMENT}description/", given, headers=HTMX)
    assert "<strong>all</strong>" in answer.text
    said = json.loads(answer["HX-Trigger"])["toast"]
    page = browser.get(EXPERIMENT).text
    assert '<span class="clip when-shut">About</span>' in page
    assert "<strong>all</strong>" in page
    assert "1 version" in page
    browser.post(said["undo"], headers=HTMX)
    experiment.refresh_from_db()
    assert experiment.description == ""


def test_an_experiment_text_changed_by_someone_else_is_shown(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    describe_experiment(experiment, "theirs", actor=actor, now=now)
    given = {"text": "mine", "seen": version_token("")}
    answer = browser.post(f"{EXPERIMENT}description/", given, headers=HTMX)
    assert answer.status_code == 422
    assert ">theirs</pre>" in answer.text
    assert ">\nmine</textarea>" in answer.text


def test_a_reader_sees_an_experiments_text_but_no_editor(
    workspace: Workspace, experiment: Experiment, actor: Actor, now: int
) -> None:
    describe_experiment(experiment, "**shown**", actor=actor, now=now)
    reader = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=reader, role=Role.READER)
    page = browser_of(reader).get(EXPERIMENT).text
    assert "<strong>shown</strong>" in page
    assert f"{EXPERIMENT}description/" not in page.replace("description/versions/", "")
    versions = browser_of(reader).get(f"{EXPERIMENT}description/versions/").text
    assert "Restore" not in versions


def test_versions_cost_a_fixed_number_of_queries(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    def grow(first: int, last: int) -> list[int]:
        for number in range(first, last):
            describe_run(run, f"text {number}", actor=actor, now=now + number)
        address = f"{PAGE}description/versions/"
        return [cost(browser, address), cost(browser, PAGE)]

    assert grow(0, 2) == grow(2, 30)
