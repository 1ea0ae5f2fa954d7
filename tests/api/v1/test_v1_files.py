"""Files over REST."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.rest import Rest

OCTETS = "application/octet-stream"

pytestmark = pytest.mark.usefixtures("files_dir")


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run("r1")


def put(rest: Rest, path: str, content: bytes = b"x") -> int:
    answer = rest.send("PUT", f"runs/r1/files/{quote(path)}", content, OCTETS)
    return answer.status_code


def read(rest: Rest, path: str, **headers: str) -> tuple[int, bytes]:
    address = rest.url(f"runs/r1/files/{quote(path)}")
    answer: Any = rest.client.get(address, headers=headers)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, content


@pytest.mark.parametrize(
    "path", ["a.txt", "out/deep/er.bin", "sp ce+ü#%25?.txt", "数/图.png"]
)
def test_an_uploaded_file_can_be_downloaded(rest: Rest, path: str) -> None:
    assert put(rest, path, b"content") == 200
    assert read(rest, path) == (200, b"content")
    [listed] = rest.get("runs/r1/files")["files"]
    assert (listed["path"], listed["size"]) == (path, 7)


def test_an_empty_file_can_be_downloaded(rest: Rest) -> None:
    assert put(rest, "empty", b"") == 200
    assert read(rest, "empty") == (200, b"")


def test_a_range_of_a_large_file_can_be_downloaded(rest: Rest) -> None:
    content = bytes(range(256)) * 4096
    put(rest, "big", content)
    assert read(rest, "big") == (200, content)
    assert read(rest, "big", Range="bytes=10-19") == (206, content[10:20])


def test_a_download_is_an_attachment(rest: Rest) -> None:
    put(rest, "page.html", b"<script>alert(1)</script>")
    answer = rest.client.get(rest.url("runs/r1/files/page.html"))
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["../x", "a/../b", "%2e%2e/x", "a//b", "a\\b", "C:/x", "/etc/passwd"]
)
def test_paths_that_escape_their_folder_are_refused(rest: Rest, path: str) -> None:
    status, error = rest.refused("PUT", f"runs/r1/files/{path}", b"x", OCTETS)
    assert (status, error["code"]) in [(400, "InvalidName"), (404, "NotFound")]
    assert rest.get("runs/r1/files")["files"] == []


def test_a_percent_sign_is_decoded_once(rest: Rest) -> None:
    rest.send("PUT", "runs/r1/files/%252e%252e", b"x", OCTETS)
    assert [f["path"] for f in rest.get("runs/r1/files")["files"]] == ["%2e%2e"]


def test_a_file_and_a_folder_cannot_have_the_same_name(rest: Rest) -> None:
    put(rest, "a/b")
    status, error = rest.refused("PUT", "runs/r1/files/a", b"x", OCTETS)
    assert (status, error["code"], error["field"]) == (409, "Conflict", "path")


def test_a_file_over_the_limit_is_refused(rest: Rest, settings: object) -> None:
    settings.MAX_UPLOAD = 10  # type: ignore[attr-defined]
    status, error = rest.refused("PUT", "runs/r1/files/big", b"x" * 11, OCTETS)
    assert (status, error["code"], error["limit"]) == (413, "TooLarge", 10)


def test_a_folder_is_listed_in_pages(rest: Rest) -> None:
    for name in ("a/1", "a/2", "b/1", "A/3", "a/deep/4"):
        put(rest, name)
    first = rest.get("runs/r1/files", folder="a", limit=2)
    second = rest.get("runs/r1/files", folder="a", limit=100, after=first["after"])
    paths = [file["path"] for file in first["files"] + second["files"]]
    assert paths == ["a/1", "a/2", "a/deep/4"]
    assert second["after"] == ""


def test_deleting_a_folder_deletes_its_files(rest: Rest) -> None:
    for path in ("a/1", "a/2", "b"):
        put(rest, path)
    assert rest.ok("DELETE", "runs/r1/files/a") == {"removed": 2}
    assert rest.ok("DELETE", "runs/r1/files/a") == {"removed": 0}
    assert read(rest, "a/1")[0] == 404
    assert read(rest, "b")[0] == 200


def test_a_missing_file_is_a_json_error(rest: Rest) -> None:
    status, content = read(rest, "nosuch")
    assert (status, json.loads(content)["error"]["code"]) == (404, "NotFound")
