"""Uploads in pieces over REST."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client

from runs.actions.account.accounts import add_member, ensure_user
from runs.actions.account.tokens import create_token
from runs.actions.actor import SERVER
from runs.models import Role, now_ms
from tests.api.rest import Rest, rest_client

OCTETS = "application/octet-stream"
CONTENT = b"0123456789" * 100

pytestmark = pytest.mark.usefixtures("files_dir")


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run("r1")


def start(rest: Rest, **more: Any) -> dict[str, Any]:
    body = {"path": "out/a.bin", "size": len(CONTENT), **more}
    opened: dict[str, Any] = rest.ok("POST", "runs/r1/uploads", body)
    return opened


def put(rest: Rest, upload: str, offset: int, content: bytes, query: str = "") -> Any:
    path = f"runs/r1/uploads/{upload}/pieces/{offset}{query}"
    return rest.send("PUT", path, content, OCTETS)


def test_a_file_arrives_in_pieces_and_is_absent_before_the_end(rest: Rest) -> None:
    upload = start(rest)["id"]
    for offset in (300, 0):
        size = 700 if offset else 300
        assert put(rest, upload, offset, CONTENT[offset : offset + size]).status_code
    assert rest.get("runs/r1/files")["files"] == []
    file = rest.post(f"runs/r1/uploads/{upload}/complete")
    assert (file["path"], file["size"]) == ("out/a.bin", 1000)
    assert rest.get("runs/r1/files")["files"] == [file]
    assert rest.get(f"runs/r1/uploads/{upload}")["is_complete"]


def test_the_reply_says_what_is_stored(rest: Rest) -> None:
    upload = start(rest, key="k")["id"]
    put(rest, upload, 300, CONTENT[300:])
    again = start(rest, key="k")
    assert again["id"] == upload
    assert again["piece_size"] == 8 * 1024 * 1024
    [piece] = again["pieces"]
    assert (piece["offset"], piece["size"]) == (300, 700)
    assert piece["sha256"] == hashlib.sha256(CONTENT[300:]).hexdigest()


def test_the_error_names_the_missing_piece(rest: Rest) -> None:
    upload = start(rest)["id"]
    put(rest, upload, 300, CONTENT[300:])
    status, error = rest.refused("POST", f"runs/r1/uploads/{upload}/complete")
    assert (status, error["code"], error["missing"]) == (409, "Conflict", 0)


def test_changed_bytes_are_refused(rest: Rest) -> None:
    upload = start(rest)["id"]
    answer = put(rest, upload, 0, CONTENT, f"?sha256={'0' * 64}")
    assert answer.status_code == 400
    assert rest.get(f"runs/r1/uploads/{upload}")["pieces"] == []


def test_an_aborted_upload_is_not_found(rest: Rest) -> None:
    upload = start(rest)["id"]
    assert rest.ok("DELETE", f"runs/r1/uploads/{upload}") == {"removed": 1}
    assert put(rest, upload, 0, CONTENT).status_code == 404


def test_an_upload_is_found_in_its_run_only(rest: Rest) -> None:
    upload = start(rest)["id"]
    rest.new_run("r2")
    status, _error = rest.refused("GET", f"runs/r2/uploads/{upload}")
    assert status == 404
    other = rest_client("elsewhere", Role.OWNER)
    other.new_run("r1")
    assert other.refused("GET", f"runs/r1/uploads/{upload}")[0] == 404


def member(rest: Rest, role: Role) -> Rest:
    """Another member of the workspace, with a token of their own."""
    user = ensure_user("other", actor=SERVER, now=now_ms())
    add_member(rest.workspace, user, role, actor=SERVER, now=now_ms())
    _token, secret = create_token(
        user, rest.workspace, "t", role_cap=role, actor=SERVER, now=now_ms()
    )
    headers = {"Authorization": f"Bearer {secret}"}
    return Rest(Client(headers=headers), rest.workspace, user)


def test_another_contributor_continues_an_upload(rest: Rest) -> None:
    upload = start(rest, key="k")["id"]
    put(rest, upload, 0, CONTENT[:300])
    other = member(rest, Role.CONTRIBUTOR)
    assert start(other, key="k")["id"] == upload
    assert put(other, upload, 0, b"x" * 300).status_code == 409
    assert put(other, upload, 300, CONTENT[300:]).status_code == 200
    other.post(f"runs/r1/uploads/{upload}/complete")
    assert rest.send("GET", "runs/r1/files/out/a.bin").getvalue() == CONTENT


def test_a_reader_cannot_touch_an_upload(rest: Rest) -> None:
    upload = start(rest, key="k")["id"]
    reader = member(rest, Role.READER)
    body = {"path": "out/a.bin", "size": len(CONTENT), "key": "k"}
    assert reader.refused("POST", "runs/r1/uploads", body)[0] == 403
    assert put(reader, upload, 0, CONTENT).status_code == 403
    address = f"runs/r1/uploads/{upload}"
    assert reader.refused("POST", f"{address}/complete", {})[0] == 403
    assert reader.refused("DELETE", address)[0] == 403
    assert rest.get(address)["pieces"] == []


@pytest.mark.parametrize("size", [-1, 2**63, "much", None])
def test_a_wrong_size_is_refused(rest: Rest, size: Any) -> None:
    status, error = rest.refused("POST", "runs/r1/uploads", {"path": "a", "size": size})
    assert (status, error["field"]) == (400, "size")
