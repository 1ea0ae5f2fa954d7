"""Files below /mlflow-artifacts: whose they are, and how their paths are read."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from runs.models import File, Role
from tests.api.protocol import Mlflow, member, refusal, reply


@pytest.fixture(autouse=True)
def _files(files_dir: Path) -> None:
    """Blobs go to a folder of the test's own."""


@pytest.fixture
def root(mlflow: Mlflow) -> str:
    """The folder of a new run."""
    return f"/0/{mlflow.new_run()}/artifacts"


def test_a_file_reads_back_and_is_replaced(mlflow: Mlflow, root: str) -> None:
    assert reply(mlflow.put(f"{root}/a.txt", b"one")) == {}
    mlflow.put(f"{root}/a.txt", b"two")
    answer = mlflow.download(f"{root}/a.txt")
    assert answer.getvalue() == b"two"
    assert answer["Content-Length"] == "3"
    assert answer["Content-Disposition"] == (
        "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"
    )
    assert answer["Content-Type"] == "text/plain"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_empty_file_is_a_file(mlflow: Mlflow, root: str) -> None:
    mlflow.put(f"{root}/empty", b"")
    assert mlflow.download(f"{root}/empty").getvalue() == b""
    listed = mlflow.files(f"{root[1:]}")
    assert listed == {"files": [{"path": "empty", "is_dir": False}]}


@pytest.mark.parametrize(
    "name", ["sp ce", "a+b", "ü", "100%", "a%23b", "a#b", "images/s%step%1%.png", "a?b"]
)
def test_a_name_is_decoded_once(mlflow: Mlflow, root: str, name: str) -> None:
    mlflow.put(f"{root}/{quote(name)}", b"x")
    assert File.objects.get().path == name
    assert mlflow.download(f"{root}/{quote(name)}").getvalue() == b"x"


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../x",
        "a/../b",
        "a//b",
        "./../a",
        "a/.../../b",
        "//",
        "/etc/passwd",
        "a\\b",
        "C:/x",
        "a\u0000b",
        "a\nb",
        "a/",
    ],
)
def test_a_path_outside_the_run_is_refused(
    mlflow: Mlflow, root: str, path: str
) -> None:
    address = f"{root}/{quote(path)}"
    for answer in (mlflow.put(address, b"x"), mlflow.download(address)):
        assert answer.status_code in (400, 404)
    assert File.objects.count() == 0


def test_a_dot_means_the_folder_itself(mlflow: Mlflow, root: str) -> None:
    mlflow.put(f"{root}/./d/./x.txt", b"x")
    assert File.objects.get().path == "d/x.txt"
    top = {"files": [{"path": "d", "is_dir": True}]}
    assert mlflow.files(f"{root[1:]}/.") == mlflow.files(f"{root[1:]}/./") == top
    for folder in ("./d", "d/.", "./d/./"):
        listed = mlflow.files(f"{root[1:]}/{folder}")["files"]
        assert [one["path"] for one in listed] == ["x.txt"]
    assert mlflow.download(f"{root}/./d/x.txt").getvalue() == b"x"
    assert mlflow.download(f"{root}/%2e/d/x.txt").getvalue() == b"x"


@pytest.mark.parametrize(("folder", "path"), [("", "d"), (".", "d"), ("./d", "d/x")])
def test_the_list_of_a_run_has_paths_from_its_root(
    mlflow: Mlflow, root: str, folder: str, path: str
) -> None:
    mlflow.put(f"{root}/d/x", b"x")
    run_id = root.split("/")[2]
    listed = mlflow.get("artifacts/list", run_id=run_id, path=folder)
    assert [one["path"] for one in listed["files"]] == [path]


@pytest.mark.parametrize("encoded", ["%2e%2e/x", ".%2e/x", "./%2e%2e/x", "%2e%2e%2fx"])
def test_encoded_dots_that_leave_the_run_are_refused(
    mlflow: Mlflow, root: str, encoded: str
) -> None:
    for answer in (
        mlflow.put(f"{root}/{encoded}", b"x"),
        mlflow.download(f"{root}/{encoded}"),
    ):
        assert answer.status_code in (400, 404)
    assert File.objects.count() == 0


def test_dots_encoded_twice_are_a_plain_name(mlflow: Mlflow, root: str) -> None:
    mlflow.put(f"{root}/a%252e%252e", b"x")
    assert File.objects.get().path == "a%2e%2e"


@pytest.mark.parametrize(
    "address",
    [
        "/x",
        "/0/x",
        "/0/{run}",
        "/0/{run}/x",
        "/0/none/artifacts/x",
        "/x/{run}/artifacts/y",
    ],
)
def test_an_artifact_address_without_a_run_is_not_found(
    mlflow: Mlflow, root: str, address: str
) -> None:
    there = address.format(run=root.split("/")[2])
    refused = refusal(mlflow.put(there, b"x"))
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_file_is_not_read_as_a_folder_nor_a_folder_as_a_file(
    mlflow: Mlflow, root: str
) -> None:
    mlflow.put(f"{root}/a/b", b"x")
    for path in ("a", "a/b/c"):
        refused = refusal(mlflow.put(f"{root}/{path}", b"x"))
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert refusal(mlflow.download(f"{root}/a")).status == 400
    assert refusal(mlflow.download(f"{root}/none")).status == 404


def test_a_folder_lists_one_level(mlflow: Mlflow, root: str) -> None:
    for path in ("b.txt", "dir/x", "dir/sub/y", "Dir/z", "a"):
        mlflow.put(f"{root}/{path}", b"12")
    assert mlflow.files(root[1:])["files"] == [
        {"path": "Dir", "is_dir": True},
        {"path": "a", "is_dir": False, "file_size": 2},
        {"path": "b.txt", "is_dir": False, "file_size": 2},
        {"path": "dir", "is_dir": True},
    ]
    assert mlflow.files(f"{root[1:]}/dir")["files"] == [
        {"path": "sub", "is_dir": True},
        {"path": "x", "is_dir": False, "file_size": 2},
    ]
    for nothing in ("b.txt", "none"):
        assert mlflow.files(f"{root[1:]}/{nothing}") == {}


def test_the_run_artifact_list_has_paths_relative_to_the_run(
    mlflow: Mlflow, root: str
) -> None:
    mlflow.put(f"{root}/dir/x", b"12")
    run_id = root.split("/")[2]
    listed = mlflow.get("artifacts/list", run_id=run_id, path="dir")
    assert listed == {
        "root_uri": f"mlflow-artifacts:{root}",
        "files": [{"path": "dir/x", "is_dir": False, "file_size": 2}],
    }
    alone = mlflow.get("artifacts/list", run_uuid=run_id, path="dir/x")
    assert alone == {"root_uri": f"mlflow-artifacts:{root}"}
    assert mlflow.refused_get("artifacts/list", run_id=run_id, path="..").status == 400


def test_deleting_a_folder_deletes_its_files(mlflow: Mlflow, root: str) -> None:
    for path in ("a", "dir/x", "dir/sub/y"):
        mlflow.put(f"{root}/{path}", b"x")
    for _ in range(2):
        answer = mlflow.client.delete(mlflow.files_url(f"{root}/dir"))
        assert reply(answer) == {}
    assert [one["path"] for one in mlflow.files(root[1:])["files"]] == ["a"]
    reply(mlflow.client.delete(mlflow.files_url(root)))
    assert mlflow.files(root[1:]) == {}


@pytest.mark.parametrize(
    ("asked", "status", "got"),
    [
        ("bytes=0-2", 206, b"012"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=5-99", 206, b"56789"),
        ("bytes=10-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=2-1", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_one_range_of_bytes_can_be_requested(
    mlflow: Mlflow, root: str, asked: str, status: int, got: bytes
) -> None:
    mlflow.put(f"{root}/ten", b"0123456789")
    answer = mlflow.download(f"{root}/ten", Range=asked)
    assert (answer.status_code, answer.getvalue()) == (status, got)
    if status == 206:
        start = b"0123456789".index(got)
        span = f"bytes {start}-{start + len(got) - 1}/10"
        assert answer["Content-Range"] == span
        assert answer["Content-Length"] == str(len(got))
    if status == 416:
        assert answer["Content-Range"] == "bytes */10"


def test_if_range_of_a_changed_file_returns_the_whole_file(
    mlflow: Mlflow, root: str
) -> None:
    mlflow.put(f"{root}/a", b"0123")
    tag = mlflow.download(f"{root}/a")["ETag"]
    ranged = {"Range": "bytes=0-1", "If-Range": tag}
    assert mlflow.download(f"{root}/a", **ranged).getvalue() == b"01"
    mlflow.put(f"{root}/a", b"4567")
    assert mlflow.download(f"{root}/a", **ranged).getvalue() == b"4567"


def test_a_large_file_is_streamed(mlflow: Mlflow, root: str) -> None:
    content = os.urandom(3_000_000)
    mlflow.put(f"{root}/large", content)
    answer = mlflow.download(f"{root}/large")
    assert answer.streaming
    assert (
        hashlib.sha256(answer.getvalue()).digest() == hashlib.sha256(content).digest()
    )
    part = mlflow.download(f"{root}/large", Range="bytes=1000000-2999998")
    assert part.getvalue() == content[1_000_000:2_999_999]


def test_a_file_over_the_limit_is_413_and_leaves_nothing(
    mlflow: Mlflow, root: str, settings: object
) -> None:
    settings.MAX_UPLOAD = 10  # type: ignore[attr-defined]
    answer = mlflow.put(f"{root}/a", b"x" * 11)
    assert answer.status_code == 413
    assert File.objects.count() == 0


def test_a_reader_downloads_but_does_not_write(mlflow: Mlflow, root: str) -> None:
    mlflow.put(f"{root}/a", b"x")
    reader = member("lab", Role.READER)
    assert reader.download(f"{root}/a").getvalue() == b"x"
    assert reader.files(root[1:])["files"]
    for answer in (
        reader.put(f"{root}/a", b"y"),
        reader.client.delete(reader.files_url(f"{root}/a")),
    ):
        refused = refusal(answer)
        assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")


def test_another_workspace_has_no_such_file(mlflow: Mlflow, root: str) -> None:
    mlflow.put(f"{root}/a", b"x")
    other = member("elsewhere")
    assert refusal(other.download(f"{root}/a")).status == 404
    assert refusal(other.put(f"{root}/a", b"y")).status == 404
    outside = Mlflow(other.client, mlflow.workspace)
    assert refusal(outside.download(f"{root}/a")).status == 404


def test_a_model_has_its_own_files(mlflow: Mlflow) -> None:
    made = mlflow.post("logged-models", experiment_id="0", name="m")["model"]["info"]
    address = made["artifact_uri"].removeprefix("mlflow-artifacts:")
    mlflow.put(f"{address}/MLmodel", b"flavors: {}")
    assert mlflow.download(f"{address}/MLmodel").getvalue() == b"flavors: {}"
    assert File.objects.get().model_id is not None
    other = member("elsewhere")
    assert refusal(other.download(f"{address}/MLmodel")).status == 404


def test_the_experiment_itself_is_not_listed(mlflow: Mlflow, root: str) -> None:
    for folder in ("", "0", root.rsplit("/", 1)[0][1:]):
        answer = mlflow.client.get(mlflow.files_url(), {"path": folder})
        assert answer.status_code in (400, 404)


def test_an_address_without_a_workspace_means_the_workspace_of_the_token(
    mlflow: Mlflow, root: str
) -> None:
    mlflow.put(f"{root}/a", b"x")
    bare = f"/api/2.0/mlflow-artifacts/artifacts{root}/a"
    assert mlflow.client.get(bare).getvalue() == b"x"
