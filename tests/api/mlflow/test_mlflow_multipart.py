"""MLflow: uploads in parts, and downloads from signed addresses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from runs.models import ApiToken, File, Member, Role, Upload
from tests.api.protocol import JSON, Mlflow, member, refusal, reply

CONTENT = b"0123456789" * 7
OCTETS = "application/octet-stream"


@pytest.fixture(autouse=True)
def _files(files_dir: Path) -> None:
    """Blobs go to a folder of the test's own."""


@pytest.fixture
def root(mlflow: Mlflow) -> str:
    """The folder of a new run."""
    return f"/0/{mlflow.new_run()}/artifacts"


def send(mlflow: Mlflow, step: str, address: str, **body: Any) -> Any:
    base = mlflow.files_url().removesuffix("/artifacts")
    path = f"{base}/mpu/{step}{address}"
    return mlflow.client.post(path, json.dumps(body), content_type=JSON)


def create(
    mlflow: Mlflow, address: str, parts: int = 3, path: str = "/tmp/big.bin"
) -> dict[str, Any]:
    opened: dict[str, Any] = reply(
        send(mlflow, "create", address, path=path, num_parts=parts)
    )
    return opened


def put_part(url: str, content: bytes) -> Any:
    """As the client does: without a token."""
    path = url.removeprefix("http://testserver")
    return Client(enforce_csrf_checks=True).put(path, content, content_type=OCTETS)


def put_parts(opened: dict[str, Any], size: int = 30) -> list[dict[str, Any]]:
    parts = []
    for one in opened["credentials"]:
        number = one["part_number"]
        content = CONTENT[size * (number - 1) : size * number]
        answer = put_part(one["url"], content)
        assert answer.status_code == 200, answer.content
        parts.append({"part_number": number, "etag": answer["ETag"], "url": one["url"]})
    return parts


@pytest.mark.parametrize("path", ["/home/ada/big.bin", "C:\\data\\big.bin", "big.bin"])
def test_parts_become_a_file(mlflow: Mlflow, root: str, path: str) -> None:
    opened = create(mlflow, f"{root}/model", path=path)
    parts = put_parts(opened)
    assert not File.objects.exists()
    body = {"path": path, "upload_id": opened["upload_id"], "parts": parts}
    for _again in range(2):
        assert reply(send(mlflow, "complete", f"{root}/model", **body)) == {}
    found = mlflow.download(f"{root}/model/big.bin")
    assert b"".join(found.streaming_content if found.streaming else [found.content])
    assert File.objects.get().path == "model/big.bin"


def test_a_logged_model_has_files_in_parts(mlflow: Mlflow) -> None:
    made = mlflow.post("logged-models", experiment_id="0", name="m")["model"]["info"]
    address = made["artifact_uri"].removeprefix("mlflow-artifacts:")
    opened = create(mlflow, address, path="w.bin")
    parts = put_parts(opened)
    body = {"path": "w.bin", "upload_id": opened["upload_id"], "parts": parts}
    reply(send(mlflow, "complete", address, **body))
    assert mlflow.download(f"{address}/w.bin").getvalue() == CONTENT


def test_a_wrong_etag_or_a_missing_part_is_refused(mlflow: Mlflow, root: str) -> None:
    opened = create(mlflow, root)
    parts = put_parts({"credentials": opened["credentials"][:2]})
    body = {"path": "big.bin", "upload_id": opened["upload_id"]}
    assert send(mlflow, "complete", root, **body, parts=parts).status_code == 400
    parts[0]["etag"] = '"0"'
    assert send(mlflow, "complete", root, **body, parts=parts).status_code == 400
    assert not File.objects.exists()


def test_an_aborted_upload_takes_no_parts(mlflow: Mlflow, root: str) -> None:
    opened = create(mlflow, root)
    body = {"path": "big.bin", "upload_id": opened["upload_id"]}
    assert reply(send(mlflow, "abort", root, **body)) == {}
    assert refusal(put_part(opened["credentials"][0]["url"], b"x")).status == 404
    assert not Upload.objects.exists()


def test_the_address_of_a_part_is_for_this_part_alone(
    mlflow: Mlflow, root: str
) -> None:
    first, second = (create(mlflow, root, path=name) for name in ("a", "b"))
    url = first["credentials"][0]["url"]
    assert refusal(put_part(url[:-1] + ("A" if url[-1] != "A" else "B"), b"x")).status
    assert refusal(put_part(url.replace("mpu-parts/", "mpu-parts/x"), b"x")).status
    assert put_part(url, b"x").status_code == 200
    numbers = [(row.upload.path, row.number) for row in pieces()]
    assert numbers == [("a", 1)]
    assert second["upload_id"] != first["upload_id"]


def pieces() -> list[Any]:
    return [row for one in Upload.objects.all() for row in one.pieces.all()]


def test_an_address_works_for_another_purpose_never(mlflow: Mlflow, root: str) -> None:
    url = create(mlflow, root)["credentials"][0]["url"]
    other = url.replace("mpu-parts", "presigned-files")
    path = other.removeprefix("http://testserver")
    assert refusal(Client().get(path)).status == 404


def test_an_address_expires(
    mlflow: Mlflow, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = create(mlflow, root)["credentials"][0]["url"]
    later = timezone.now().timestamp() + 25 * 3600
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert refusal(put_part(url, b"x")).status == 404


@pytest.mark.parametrize("how", ["token", "role", "member", "user"])
def test_an_address_ends_with_the_permission_of_its_maker(
    mlflow: Mlflow, root: str, how: str
) -> None:
    url = create(mlflow, root)["credentials"][0]["url"]
    row = Member.objects.get(workspace=mlflow.workspace)
    if how == "token":
        ApiToken.objects.update(revoked=timezone.now())
    elif how == "role":
        Member.objects.update(role=Role.READER)
    elif how == "member":
        row.delete()
    else:
        row.user.is_active = False
        row.user.save()
    assert refusal(put_part(url, b"x")).status in (403, 404)


def test_readers_and_strangers_open_no_upload(mlflow: Mlflow, root: str) -> None:
    reader = member("lab", Role.READER)
    answer = send(reader, "create", root, path="x", num_parts=1)
    assert refusal(answer).status == 403
    outside = Mlflow(member("elsewhere").client, mlflow.workspace)
    answer = send(outside, "create", root, path="x", num_parts=1)
    assert refusal(answer).status == 404


@pytest.mark.parametrize("path", ["", "/", "..", "a/..", "\\", "a\x00", "a\n"])
def test_a_bad_name_is_refused(mlflow: Mlflow, root: str, path: str) -> None:
    answer = send(mlflow, "create", root, path=path, num_parts=1)
    assert refusal(answer).status == 400


def test_a_signed_address_reads_a_file_in_ranges(mlflow: Mlflow, root: str) -> None:
    mlflow.put(f"{root}/a.bin", CONTENT)
    found = presign(mlflow, f"{root}/a.bin")
    assert (found["file_size"], found["headers"]) == (len(CONTENT), {})
    path = found["url"].removeprefix("http://testserver")
    # What comes later at this path is not mixed into the download.
    mlflow.put(f"{root}/a.bin", b"other")
    answer = Client().get(path, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.getvalue()) == (206, CONTENT[10:20])


def presign(mlflow: Mlflow, address: str) -> Any:
    base = mlflow.files_url().removesuffix("/artifacts")
    return reply(mlflow.client.get(f"{base}/presigned{address}"))


def test_a_folder_and_an_unknown_file_are_not_presigned(
    mlflow: Mlflow, root: str
) -> None:
    mlflow.put(f"{root}/d/a.bin", CONTENT)
    base = mlflow.files_url().removesuffix("/artifacts")
    for path, status in (("d", 400), ("none", 404)):
        answer = mlflow.client.get(f"{base}/presigned{root}/{path}")
        assert refusal(answer).status == status
