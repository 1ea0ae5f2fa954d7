"""Small bodies that grow: compressed, nested, or full of numbers."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from tests.access.people import bearer, make_team, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]
REST = "/api/v1/workspaces/lab"
MLFLOW = "/w/lab/api/2.0/mlflow"
JSON = "application/json"
DEEP = 100_000
NESTED = (
    "[" * DEEP + "]" * DEEP,
    '{"a":' * DEEP + "1" + "}" * DEEP,
    '{"experiment": ' + "[" * DEEP,
    "9" * 200_000,
    "1e" + "9" * 100_000,
    '"' + "\\u0000" * 100_000 + '"',
)


@pytest.fixture
def client(db: None) -> Client:
    team = make_team()
    _token, secret = token_of(team.owner, team.workspace)
    client = Client(headers=bearer(secret), raise_request_exception=False)
    body = json.dumps({"experiment": "digits", "id": "first"})
    assert client.post(f"{REST}/runs", body, JSON).status_code == 201
    return client


@pytest.mark.parametrize("text", NESTED, ids=[text[:12] for text in NESTED])
@pytest.mark.parametrize(
    "path",
    [
        f"{REST}/runs",
        f"{REST}/runs/first/metrics",
        f"{MLFLOW}/runs/create",
        f"{MLFLOW}/runs/log-batch",
    ],
)
def test_nested_json_is_refused(client: Client, path: str, text: str) -> None:
    assert client.post(path, text, JSON).status_code == 400


@pytest.mark.parametrize("path", [f"{REST}/runs/first/metrics", f"{REST}/runs"])
def test_a_gzip_bomb_is_not_unpacked(client: Client, path: str, settings: Any) -> None:
    settings.MAX_BODY = 1_000_000
    small = gzip.compress(bytes(50_000_000))
    assert len(small) < 100_000
    answer = client.post(path, small, JSON, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    twice = gzip.compress(small)
    answer = client.post(path, twice, JSON, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400


def zip_bomb() -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"big{number}.py", bytes(10_000_000))
    return found.getvalue()


def test_a_zip_bomb_is_stored_as_it_is(client: Client) -> None:
    bomb = zip_bomb()
    assert len(bomb) < 500_000
    path = f"{REST}/runs/first/files/bomb.zip"
    assert client.put(path, bomb, "application/zip").status_code in (200, 201)
    page = client.get(path)
    assert b"".join(page.streaming_content) == bomb  # type: ignore[attr-defined]
