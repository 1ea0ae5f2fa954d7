"""`/metrics` is for the operator's programs: with a token, or from this machine."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from tests.access.people import bearer, browser_of, make_team, token_of

pytestmark = pytest.mark.django_db
TOKEN = "scrape-scrape-scrape"
LOCAL: dict[str, Any] = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def token(settings: Any) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:80"])
def test_programs_of_this_machine_read_it(host: str, address: str) -> None:
    answer = Client().get("/metrics", HTTP_HOST=host, REMOTE_ADDR=address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "change",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"HTTP_HOST": "testserver"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
def test_without_a_token_others_find_nothing(change: dict[str, Any]) -> None:
    answer = Client().get("/metrics", **{**LOCAL, **change})
    assert answer.status_code == 404
    assert b"studio_" not in answer.content


def test_the_token_opens_it_from_everywhere(token: str) -> None:
    client = Client(headers=bearer(token))
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.1")
    assert answer.status_code == 200
    basic = base64.b64encode(f"prometheus:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    assert Client().get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Bearer \u00e9", "x"])
def test_another_token_is_refused_on_this_machine_too(token: str, given: str) -> None:
    headers = {"Authorization": given} if given else {}
    answer = Client().get("/metrics", headers=headers, **LOCAL)
    assert answer.status_code == 401


def test_neither_owners_nor_their_tokens_read_it(token: str) -> None:
    team = make_team()
    _token, secret = token_of(team.owner, team.workspace)
    assert browser_of(team.owner).get("/metrics", **LOCAL).status_code == 401
    assert Client(headers=bearer(secret)).get("/metrics", **LOCAL).status_code == 401
