"""Downloads of stored files: ranges, versions, folders, and large archives."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from runs.models import LoggedModel, Run
from runs.render.files import ZipEntry, stream_zip
from tests.pages.run.run_page import PAGE, browser, keep
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

FILES = f"{PAGE}files/"
RAW = f"{FILES}raw/a.bin"


@pytest.mark.parametrize(
    ("asked", "status", "sent", "said"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=" + "9" * 5000 + "-", 200, b"0123456789", None),
    ],
)
def test_a_range_of_a_file_is_sent(
    browser: Client, run: Run, asked: str, status: int, sent: bytes, said: str | None
) -> None:
    keep(run, "a.bin", b"0123456789")
    answer = browser.get(RAW, headers={"Range": asked})
    assert (answer.status_code, answer.getvalue()) == (status, sent)
    assert answer.headers.get("Content-Range") == said
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_a_range_of_another_version_is_the_whole_file(
    browser: Client, run: Run
) -> None:
    keep(run, "a.bin", b"old bytes")
    old = browser.get(RAW)["ETag"]
    keep(run, "a.bin", b"new content")
    answer = browser.get(RAW, headers={"Range": "bytes=0-1", "If-Range": old})
    assert (answer.status_code, answer.getvalue()) == (200, b"new content")
    headers = {"Range": "bytes=0-1", "If-Range": answer["ETag"]}
    assert browser.get(RAW, headers=headers).status_code == 206


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_a_client_with_the_current_version_gets_no_bytes(
    browser: Client, run: Run, form: str
) -> None:
    keep(run, "a.bin", b"x")
    headers = {"If-None-Match": form.format(browser.get(RAW)["ETag"])}
    assert browser.get(RAW, headers=headers).status_code == 304


def test_head_says_the_length_without_the_bytes(browser: Client, run: Run) -> None:
    keep(run, "a.bin", b"12345")
    answer = browser.head(RAW)
    assert (answer["Content-Length"], answer.getvalue()) == ("5", b"")


@pytest.fixture
def logged_model(run: Run) -> LoggedModel:
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


def names(browser: Client, query: str) -> list[str]:
    answer = browser.get(f"{FILES}all.zip{query}")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.testzip() is None
        return sorted(archive.namelist())


def test_a_folder_is_a_zip_of_its_own(
    browser: Client, run: Run, logged_model: LoggedModel
) -> None:
    for path in ("logs/a.txt", "logs/deep/é.txt", "logs2/b.txt", "c.txt"):
        keep(run, path)
    keep(logged_model, "logs/model.txt")
    assert names(browser, "?folder=logs") == ["logs/a.txt", "logs/deep/é.txt"]
    assert names(browser, "?model=m-1") == ["models/m-1/logs/model.txt"]
    assert len(names(browser, "")) == 5


@pytest.mark.parametrize("query", ["folder=no", "folder=../x", "folder=/", "model=no"])
def test_a_folder_outside_the_run_is_refused(
    browser: Client, run: Run, query: str
) -> None:
    keep(run, "logs/a.txt")
    assert browser.get(f"{FILES}all.zip?{query}").status_code in (400, 404)


def test_the_parts_of_a_large_archive_are_small() -> None:
    entries = [ZipEntry("big", (b"x" * 65_536 for _n in range(1000)), 0)]
    sizes = [len(piece) for piece in stream_zip(entries)]
    assert (sum(sizes) > 65_536_000, max(sizes) < 66_000) == (True, True)


def test_an_archive_keeps_times_and_names() -> None:
    pieces = stream_zip([ZipEntry("a/中.txt", [b"x"], 1_700_000_000_000)])
    [info] = zipfile.ZipFile(io.BytesIO(b"".join(pieces))).infolist()
    assert info.date_time == (2023, 11, 14, 22, 13, 20)
    assert (info.filename, info.external_attr >> 16) == ("a/中.txt", 0o644)


@pytest.mark.parametrize(
    ("query", "kind", "policy"),
    [
        ("?inline=1", "application/pdf", "default-src 'none'"),
        ("", "application/octet-stream", "sandbox; default-src 'none'"),
    ],
)
def test_a_pdf_opens_in_the_viewer_and_runs_nothing_here(
    browser: Client, run: Run, query: str, kind: str, policy: str
) -> None:
    keep(run, "a.pdf", b"<script>alert(1)</script>")
    answer = browser.get(f"{FILES}raw/a.pdf{query}")
    assert answer["Content-Type"] == kind
    assert answer["Content-Security-Policy"].startswith(policy)
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["a.json", "a.log"])
def test_the_viewer_links_the_folder_of_its_file(
    browser: Client, run: Run, name: str
) -> None:
    keep(run, f"out/{name}", b"{}")
    keep(run, name, b"{}")
    link = f"{FILES}all.zip?folder=out"
    assert link in browser.get(f"{FILES}?path=out/{name}").text
    assert link not in browser.get(f"{FILES}?path={name}").text
