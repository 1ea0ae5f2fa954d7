"""Whatever REST is sent by the rules of its document, or against them: never a 500."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import given
from schemathesis import GenerationMode

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_file
from runs.actions.run import create_run
from runs.api.v1.openapi import openapi_document
from runs.models import now_ms
from tests.access.people import bearer, make_team, token_of
from tests.attacks.examples import fuzzed

DOCUMENT = openapi_document("http://testserver/api/v1")
RESULTS: Any = schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
OPERATIONS = {
    f"{found.method.upper()} {found.path}": found
    for found in (result.ok() for result in RESULTS)
}
#: What names something that exists, so that a request reaches more than a 404.
KNOWN = {"workspace": "lab", "run_id": "first"}


@pytest.fixture
def client(db: None) -> Client:
    team = make_team()
    act: dict[str, Any] = {"actor": Actor(team.owner), "now": now_ms()}
    experiment = create_experiment(team.workspace, "digits", **act)
    run = create_run(experiment, run_id="first", **act)
    save_file(run, "out.txt", [b"text"], limit=100, **act)
    _token, secret = token_of(team.owner, team.workspace)
    return Client(headers=bearer(secret), raise_request_exception=False)


def send(client: Client, case: Any) -> tuple[int, bytes]:
    """Send the case, and roll back what it changed."""
    names = case.path_parameters or {}
    case.path_parameters = {name: KNOWN.get(name, names[name]) for name in names}
    request = case.as_transport_kwargs(base_url="http://testserver/api/v1")
    parts = urlsplit(request["url"])
    query = urlencode(request.get("params") or {}, doseq=True)
    with transaction.atomic():
        answer: Any = client.generic(
            request["method"],
            parts.path,
            body_of(request),
            case.media_type or "application/json",
            QUERY_STRING=query,
        )
        # A download is read, so that its errors show.
        content = answer.getvalue()
        transaction.set_rollback(True)
    return answer.status_code, content


def body_of(request: dict[str, Any]) -> bytes:
    if "json" in request:
        return json.dumps(request["json"]).encode()
    data = request.get("data") or b""
    if isinstance(data, bytes):
        return data
    return str(data).encode("utf-8", "surrogatepass")


@pytest.mark.sample(25)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_fails(client: Client, name: str, mode: Any) -> None:
    strategy = OPERATIONS[name].as_strategy(generation_mode=mode)

    @fuzzed
    @given(strategy)
    def attempt(case: Any) -> None:
        status, content = send(client, case)
        assert status < 500, (case.as_curl_command(), content[:500])

    attempt()
