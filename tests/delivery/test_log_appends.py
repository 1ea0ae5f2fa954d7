"""Logs by offset: every byte once, however often it is sent."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.conf import settings

from runs.models import File
from runs.storage.files import files
from tests.api.rest import Rest

LOG = "logs/user_log.txt"
BYTES = "application/octet-stream"


def append(rest: Rest, offset: int, data: bytes, writer: str = "w1") -> Any:
    path = f"runs/r1/files/{LOG}?offset={offset}&writer={writer}"
    answer = rest.send("PATCH", path, data, BYTES)
    return answer.status_code, answer.json()


def text(rest: Rest) -> bytes:
    answer = rest.client.get(rest.url(f"runs/r1/files/{LOG}"))
    return bytes(answer.getvalue())


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run()


def test_appended_bytes_extend_the_log(rest: Rest) -> None:
    assert append(rest, 0, b"one\n") == (200, {"next": 4, "size": 4})
    assert append(rest, 4, b"two\n") == (200, {"next": 8, "size": 8})
    assert text(rest) == b"one\ntwo\n"
    [shown] = rest.get("runs/r1/files")["files"]
    assert (shown["path"], shown["size"]) == (LOG, 8)


def test_bytes_received_before_are_skipped(rest: Rest) -> None:
    append(rest, 0, b"one\ntwo\n")
    assert append(rest, 0, b"one\n") == (200, {"next": 8, "size": 8})
    assert append(rest, 4, b"two\nthree\n") == (200, {"next": 14, "size": 14})
    assert text(rest) == b"one\ntwo\nthree\n"


def test_a_gap_is_reported_with_the_offset_to_continue_from(rest: Rest) -> None:
    append(rest, 0, b"one\n")
    status, answer = append(rest, 10, b"three\n")
    assert (status, answer["error"]["code"]) == (409, "Conflict")
    assert answer["error"]["expected"] == 4
    assert text(rest) == b"one\n"


def test_writers_share_a_log_and_count_their_own_bytes(rest: Rest) -> None:
    append(rest, 0, b"one\n")
    append(rest, 0, b"uno\n", writer="w2")
    append(rest, 4, b"two\n")
    assert append(rest, 0, b"uno\n", writer="w2") == (200, {"next": 4, "size": 12})
    assert text(rest) == b"one\nuno\ntwo\n"


def test_without_a_writer_the_offset_is_that_of_the_file(rest: Rest) -> None:
    append(rest, 0, b"one\n", writer="")
    assert append(rest, 4, b"two\n", writer="") == (200, {"next": 8, "size": 8})
    assert text(rest) == b"one\ntwo\n"


def test_bytes_after_the_recorded_size_are_never_read(rest: Rest) -> None:
    append(rest, 0, b"one\n")
    blob = File.objects.get().blob
    with files.open_to_append(blob) as grow:
        grow(4, b"torn, without a row")
    assert text(rest) == b"one\n"
    append(rest, 4, b"two\n")
    assert text(rest) == b"one\ntwo\n"


def test_an_append_rewrites_nothing(rest: Rest) -> None:
    append(rest, 0, b"x" * 1000)
    before = File.objects.get().blob
    append(rest, 1000, b"y")
    assert File.objects.get().blob == before
    assert File.objects.count() == 1


def test_a_deleted_log_continues(rest: Rest) -> None:
    append(rest, 0, b"one\n")
    rest.ok("DELETE", f"runs/r1/files/{LOG}")
    assert append(rest, 4, b"two\n") == (200, {"next": 8, "size": 4})
    assert text(rest) == b"two\n"


def test_the_etag_follows_the_size(rest: Rest) -> None:
    append(rest, 0, b"one\n")
    first = rest.client.get(rest.url(f"runs/r1/files/{LOG}")).headers["ETag"]
    append(rest, 4, b"two\n")
    assert rest.client.get(rest.url(f"runs/r1/files/{LOG}")).headers["ETag"] != first


def test_a_gzip_append_is_accepted(rest: Rest) -> None:
    answer = rest.client.patch(
        rest.url(f"runs/r1/files/{LOG}?offset=0"),
        gzip.compress(b"line\n" * 100),
        content_type=BYTES,
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.json() == {"next": 500, "size": 500}


def test_a_gzip_bomb_is_refused(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAX_BODY", 10_000)
    answer = rest.client.patch(
        rest.url(f"runs/r1/files/{LOG}?offset=0"),
        gzip.compress(b"\0" * 1_000_000),
        content_type=BYTES,
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code == 413


def test_a_log_has_a_limit(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAX_UPLOAD", 10)
    append(rest, 0, b"x" * 8)
    status, answer = append(rest, 8, b"x" * 8)
    assert (status, answer["error"]["code"]) == (413, "TooLarge")


def test_appending_to_a_folder_is_refused(rest: Rest) -> None:
    append(rest, 0, b"one\n")
    answer = rest.send("PATCH", "runs/r1/files/logs?offset=0", b"x", BYTES)
    assert answer.json()["error"]["code"] == "Conflict"
    assert File.objects.count() == 1
