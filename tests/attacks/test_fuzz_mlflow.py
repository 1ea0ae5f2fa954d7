"""Whatever JSON the routes of MLflow get: a refusal or an answer, and never a 500."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.access.people import bearer, make_team, token_of
from tests.access.table import TABLE
from tests.attacks.examples import fuzzed

ROUTES = [
    (route, method)
    for route, entry in TABLE.items()
    if re.match(r"api/\d\.\d/mlflow", route)
    for method in entry.needs
]
#: Fields that the protocol has, so that more than unknown fields is tried.
FIELDS = (
    *("run_id", "run_uuid", "experiment_id", "experiment_ids", "experiment_name"),
    *("name", "key", "value", "step", "timestamp", "filter", "order_by", "max_results"),
    *("page_token", "metrics", "params", "tags", "path", "status", "start_time"),
    *("end_time", "source", "version", "alias", "description", "stage", "metric_key"),
    *("view_type", "run_view_type", "models", "datasets", "inputs", "model_id"),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["0", "1", "", "lab", "a" * 6000, "\x00", "\ud800", "9" * 40])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6) | VALUES


@pytest.fixture
def client(db: None) -> Client:
    team = make_team()
    _token, secret = token_of(team.owner, team.workspace)
    return Client(headers=bearer(secret), raise_request_exception=False)


@pytest.mark.sample(15)
@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_no_request_fails(client: Client, route: str, method: str) -> None:
    path = "/" + re.sub(r"<[^>]*>", "x", route)

    @fuzzed
    @given(BODIES)
    def attempt(body: Any) -> None:
        status, content = send(client, method, path, body)
        # 501 refuses what this server does not offer.
        assert status < 500 or status == 501, (method, path, body, content[:500])

    attempt()


def send(client: Client, method: str, path: str, body: Any) -> tuple[int, bytes]:
    query = body if method == "GET" and isinstance(body, dict) else {}
    with transaction.atomic():
        answer: Any = client.generic(
            method,
            path,
            json.dumps(body).encode(),
            "application/json",
            # The test client can't send a surrogate on its own; browsers send "?" too.
            query_params={
                sendable(name): sendable(str(value)) for name, value in query.items()
            },
        )
        content = answer.getvalue()
        transaction.set_rollback(True)
    return answer.status_code, content


def sendable(text: str) -> str:
    return text.encode(errors="replace").decode()
