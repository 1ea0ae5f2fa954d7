"""Stored files whose bytes are gone or cut off: every page answers and says so."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.files.snapshots import save_snapshot
from runs.actions.public.share_links import create_share_link
from runs.actions.run.run_edits import describe_run
from runs.actions.run.runs import create_run
from runs.models import Experiment, File, LoggedModel, Run, Snapshot, now_ms
from runs.storage.files import files
from tests.pages.compare.test_compare import COMPARE, asked
from tests.pages.metrics.test_metric_kinds import METRICS, PNG, document, write
from tests.pages.run.run_page import ACTOR, PAGE, browser, keep
from tests.parts.records import NOON, stored_files
from tests.render.test_documents import RESIDUALS

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

PICTURE = PNG + b"\0\0\0\x10\0\0\0\x10"
SNAPSHOT = f"{PAGE}snapshot/"


def remove(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1)


def sources(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("train.py", text)
        archive.writestr("requirements.txt", "numpy==1.0\n")
    return made.getvalue()


@pytest.fixture(params=[remove, cut_off])
def damage(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    how: Callable[[Path], None] = request.param
    return how


@pytest.fixture
def address(
    run: Run,
    experiment: Experiment,
    actor: Actor,
    files_dir: Path,
    damage: Callable[[Path], None],
) -> str:
    """A run with every kind of file, all damaged; returns its shared address."""
    other = create_run(experiment, run_id="run-2", actor=ACTOR, now=NOON)
    model = LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=experiment,
        model_id="m-1",
        name="m",
        status="READY",
        source_run=run,
        created=NOON,
        updated=NOON,
    )
    keep(model, "requirements.txt", b"torch==2\n")
    for home, text in ((run, b"one\n"), (other, b"two\n")):
        keep(home, "a.txt", text)
        save_snapshot(home, [sources(text.decode())], actor=ACTOR, now=NOON)
    keep(run, "page.html", b"<p>text</p>")
    keep(run, "drawing.svg", b"<svg></svg>")
    keep(run, "notes/i.png", PICTURE)
    keep(run, "images/loss_1.png", PICTURE)
    document(run, "residuals", "res", RESIDUALS)
    write(run, "image", "i", "aml://artifactId/ExperimentRun/dcid.run-1/notes/i.png")
    describe_run(run, "![](notes/i.png)", actor=ACTOR, now=NOON)
    for path in stored_files(files_dir):
        damage(path)
    _link, secret = create_share_link(run.workspace, run, actor=actor, now=now_ms())
    return f"/shared/{secret}/"


def body(answer: Any) -> bytes:
    """All of it, read to its end: what is announced is sent."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if "Content-Length" in answer.headers:
        assert int(answer.headers["Content-Length"]) == len(content)
    return bytes(content)


@pytest.mark.parametrize(
    "page",
    [
        f"{PAGE}files/",
        f"{PAGE}files/?path=page.html",
        f"{PAGE}files/?path=drawing.svg",
        f"{PAGE}files/?path=drawing.svg&view=source",
        f"{PAGE}files/?model=m-1&path=requirements.txt",
    ],
)
def test_the_viewer_says_that_the_content_is_missing(
    browser: Client, address: str, page: str
) -> None:
    answer = browser.get(page)
    assert answer.status_code == 200
    assert "The content of this file is missing on the server" in answer.text
    assert "?inline=1" not in answer.text[answer.text.index('id="file-view"') :]


def test_the_snapshot_tab_says_that_the_content_is_missing(
    browser: Client, address: str
) -> None:
    answer = browser.get(SNAPSHOT)
    assert answer.status_code == 200
    assert "The content of this snapshot is missing on the server" in answer.text


@pytest.mark.parametrize(
    "page",
    [
        f"{PAGE}files/raw/a.txt",
        f"{PAGE}files/raw/notes/i.png?inline=1",
        f"{PAGE}models/m-1/requirements.txt",
        f"{SNAPSHOT}raw/train.py",
        f"{SNAPSHOT}all.zip",
        f"{METRICS}chart.json?key=res",
        "/w/default/api/v1/runs/run-1/files/a.txt",
    ],
)
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_download_answers_404_before_it_sends_anything(
    browser: Client, address: str, page: str, method: str
) -> None:
    answer = getattr(browser, method)(page)
    assert answer.status_code == 404
    assert method == "head" or body(answer)


def test_a_range_of_a_damaged_file_is_not_sent(browser: Client, address: str) -> None:
    place = "/w/default/api/v1/runs/run-1/files/a.txt"
    assert browser.get(place, headers={"Range": "bytes=0-0"}).status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        f"{PAGE}",
        f"{PAGE}media/",
        f"{PAGE}metrics/",
        f"{METRICS}?key=i",
        f"{METRICS}?key=res&as:res=table",
        "/w/default/runs/",
    ],
)
def test_other_pages_of_the_run_work(browser: Client, address: str, page: str) -> None:
    assert browser.get(page).status_code == 200


@pytest.mark.parametrize("diff", ["", "files:a.txt", "source:train.py"])
def test_the_comparison_works(browser: Client, address: str, diff: str) -> None:
    more = {"diff": diff} if diff else {}
    answer = browser.get(COMPARE, asked("run-1", "run-2", **more))
    assert answer.status_code == 200
    if diff.startswith("files"):
        assert "content of this file was deleted" in answer.text


def test_a_public_run_page_works_and_its_missing_image_is_404(
    client: Client, address: str
) -> None:
    assert client.get(address).status_code == 200
    picture = client.get(f"{address}pictures/notes/i.png?inline=1")
    assert picture.status_code == 404


def test_the_archive_leaves_out_what_is_missing_and_names_it(
    browser: Client, run: Run, files_dir: Path, damage: Callable[[Path], None]
) -> None:
    keep(run, "whole.txt", b"here")
    keep(run, "MISSING_FILES.txt", b"a user's own")
    lost = keep(run, "logs/lost.txt", b"lost bytes")
    [path] = [path for path in stored_files(files_dir) if path.name == lost.blob]
    damage(path)
    sent = body(browser.get(f"{PAGE}files/all.zip"))
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found.pop("_MISSING_FILES.txt").decode().splitlines()[1:] == [
        "logs/lost.txt"
    ]
    assert found == {"whole.txt": b"here", "MISSING_FILES.txt": b"a user's own"}


def test_the_same_file_logged_again_repairs_it(
    run: Run, files_dir: Path, damage: Callable[[Path], None]
) -> None:
    keep(run, "a.txt", b"content")
    for path in stored_files(files_dir):
        damage(path)
    keep(run, "a.txt", b"content")
    file = File.objects.get(run=run, replaced__isnull=True)
    assert b"".join(files.read_chunks(file.blob, file.size)) == b"content"


def test_the_same_snapshot_taken_again_repairs_it(
    run: Run, files_dir: Path, damage: Callable[[Path], None]
) -> None:
    archive = sources("x = 1\n")
    for _time in range(2):
        save_snapshot(run, [archive], actor=ACTOR, now=NOON)
        kept = Snapshot.objects.get()
        assert files.is_whole(kept.blob, kept.size)
        for path in stored_files(files_dir):
            damage(path)
