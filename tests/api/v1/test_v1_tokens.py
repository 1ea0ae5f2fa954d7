"""REST: a caller's own tokens. None gets more permissions than the one it came from."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from runs.models import ApiToken, Role
from tests.api.rest import Rest, rest_client


def call(rest: Rest, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
    raw = b"" if body is None else json.dumps(body).encode()
    reply = rest.client.generic(
        method, f"/api/v1/tokens{path}", raw, "application/json"
    )
    return reply.status_code, json.loads(reply.content)


def create(rest: Rest, **body: Any) -> tuple[int, Any]:
    return call(rest, "POST", body={"name": "laptop", "workspace": "lab", **body})


def test_a_created_token_works_and_is_listed(rest: Rest) -> None:
    status, reply = create(rest, days=7)
    assert (status, reply["info"]["role"]) == (201, "contributor")
    rest.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {reply['token']}"
    assert rest.new_run()["id"] == "r1"
    tokens = call(rest, "GET")[1]["tokens"]
    assert [one["name"] for one in tokens] == ["laptop", "script"]
    assert [one["current"] for one in tokens] == [True, False]
    assert tokens[0]["expires"] > tokens[0]["created"]


def test_a_revoked_token_is_refused(rest: Rest) -> None:
    _, reply = create(rest)
    number = reply["info"]["id"]
    assert call(rest, "DELETE", f"/{number}")[0] == 200
    assert call(rest, "DELETE", f"/{number}")[0] == 404
    rest.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {reply['token']}"
    assert call(rest, "GET")[0] == 401


def test_a_token_creates_none_with_more_permissions(rest: Rest) -> None:
    status, reply = create(rest, role="owner")
    assert (status, reply["error"]["code"]) == (403, "PermissionDenied")


def test_a_token_that_only_reads_creates_none(rest: Rest) -> None:
    ApiToken.objects.update(role_cap=Role.READER)
    assert create(rest)[0] == 403


def test_a_token_creates_none_that_expires_later(rest: Rest) -> None:
    expires = timezone.now() + timedelta(days=3)
    ApiToken.objects.update(expires=expires)
    assert create(rest, days=4)[0] == 403
    assert create(rest, days=2)[0] == 201
    assert create(rest)[1]["info"]["expires"] == int(expires.timestamp() * 1000)


def test_a_token_revokes_none_with_more_permissions(rest: Rest) -> None:
    ApiToken.objects.create(
        user=rest.user,
        workspace=rest.workspace,
        name="strong",
        prefix="rs_",
        digest=b"x" * 32,
        role_cap=Role.OWNER,
    )
    number = ApiToken.objects.get(name="strong").pk
    assert call(rest, "DELETE", f"/{number}")[0] == 403


def test_tokens_of_others_do_not_exist(rest: Rest) -> None:
    other = rest_client("elsewhere")
    number = ApiToken.objects.get(user=other.user).pk
    assert call(rest, "DELETE", f"/{number}")[0] == 404
    assert call(rest, "DELETE", f"/{2**63}")[0] == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 101}, 400),
        ({"role": "admin"}, 400),
        ({"days": 0}, 400),
        ({"days": 10**9}, 400),
        ({"workspace": "elsewhere"}, 404),
    ],
)
def test_bad_requests_create_nothing(
    rest: Rest, body: dict[str, Any], status: int
) -> None:
    assert create(rest, **body)[0] == status
    assert ApiToken.objects.count() == 1


def test_a_list_has_properties_if_they_are_requested(rest: Rest) -> None:
    rest.new_run("r1", properties={"author": "me"})
    rest.new_run("r2")
    found = rest.get("runs", properties=1)["runs"]
    assert [one["properties"] for one in found] == [{}, {"author": "me"}]
    assert "properties" not in rest.get("runs")["runs"][0]


def test_another_site_creates_no_token_with_a_browsers_session(rest: Rest) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(rest.user)
    body = {"name": "stolen", "workspace": "lab"}
    reply = browser.post("/api/v1/tokens", body, content_type="application/json")
    assert reply.status_code == 403
    assert ApiToken.objects.count() == 1
