"""Downloads of stored files: ranges, versions, folders, and large archives."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.test import Client

from runs.models import LoggedModel, Run
from runs.render.files import ZipEntry, stream_zip, zip_size, zip_stream
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes
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


def entry(path: str, content: bytes, created: int = 0) -> ZipEntry:
    return ZipEntry(path, len(content), lambda: [content], created)


def test_the_parts_of_a_large_archive_are_small() -> None:
    chunks = [b"x" * 65_536] * 1000
    entries = [ZipEntry("big", 65_536_000, lambda: chunks)]
    sizes = [len(piece) for piece in stream_zip(entries)]
    assert (sum(sizes) > 65_536_000, max(sizes) < 66_000) == (True, True)


def test_an_archive_keeps_times_and_names() -> None:
    pieces = stream_zip([entry("a/中.txt", b"x", 1_700_000_000_000)])
    [info] = zipfile.ZipFile(io.BytesIO(b"".join(pieces))).infolist()
    assert info.date_time == (2023, 11, 14, 22, 13, 20)
    assert (info.filename, info.external_attr >> 16) == ("a/中.txt", 0o100644)


@pytest.mark.parametrize("count", [0, 1, 70_000])
def test_an_archive_has_any_number_of_files(count: int) -> None:
    entries = [entry(f"{n}", b"") for n in range(count)]
    sent = b"".join(stream_zip(entries))
    assert len(sent) == zip_size(entries)
    assert len(zipfile.ZipFile(io.BytesIO(sent)).namelist()) == count


def test_files_and_archives_can_be_larger_than_four_gigabytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a smaller limit, from which on the same records are written."""
    monkeypatch.setattr(zip_stream, "MAX_32", 1000)
    contents = {"a": b"1" * 999, "b": b"2" * 1000, "é": b"3" * 5000, "d": b""}
    entries = [entry(path, content) for path, content in contents.items()]
    sent = b"".join(stream_zip(entries))
    assert len(sent) == zip_size(entries)
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents


def test_a_download_of_all_files_continues_where_it_broke_off(
    browser: Client, run: Run
) -> None:
    for number in range(3):
        keep(run, f"{number}.txt", bytes([number]) * 1000)
    whole = browser.get(f"{FILES}all.zip")
    content = whole.getvalue()
    assert int(whole["Content-Length"]) == len(content)
    for start in (0, 1, 500, 1100, 2500, len(content) - 30):
        headers = {"range": f"bytes={start}-", "if-range": whole["ETag"]}
        rest = browser.get(f"{FILES}all.zip", headers=headers)
        assert (rest.status_code, rest.getvalue()) == (206, content[start:])
    keep(run, "3.txt")
    changed = browser.get(f"{FILES}all.zip", headers=headers)
    assert (changed.status_code, changed["ETag"] == whole["ETag"]) == (200, False)


def test_a_download_ends_before_its_length_if_a_file_disappears(
    browser: Client, run: Run
) -> None:
    kept = [keep(run, f"{number}.txt", bytes([number]) * 1000) for number in range(3)]
    answer: Any = browser.get(f"{FILES}all.zip")
    pieces = iter(answer.streaming_content)
    sent = [next(pieces)]
    file_store.delete(kept[2].blob)
    with pytest.raises(MissingBytes):
        sent.extend(pieces)
    # So the browser does not take it for the whole archive.
    assert len(b"".join(sent)) < int(answer["Content-Length"])
    again = io.BytesIO(browser.get(f"{FILES}all.zip").getvalue())
    with zipfile.ZipFile(again) as archive:
        assert archive.namelist() == ["0.txt", "1.txt", "MISSING_FILES.txt"]


def test_a_file_that_becomes_shorter_ends_the_download() -> None:
    pieces = stream_zip([ZipEntry("a", 3, lambda: [b"ab"])])
    with pytest.raises(MissingBytes):
        list(pieces)


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
