"""The protocol's edges: bodies, methods, routes, callers."""

import json

import pytest
from django.test import Client
from packaging.version import Version

from tests.api.protocol import JSON, Mlflow, refusal


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"5", b'{"name": "\xff"}', b"[" * 100_000, b'"x"', b"nope"]
)
def test_only_json_objects_are_accepted(mlflow: Mlflow, raw: bytes) -> None:
    refused = mlflow.refused_raw("experiments/create", raw)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_read(mlflow: Mlflow, kind: str) -> None:
    refused = mlflow.refused_raw("experiments/create", b'{"name":"e1"}', kind)
    assert refused.message == (
        "Bad Request. Content-Type must be one of ['application/json']."
    )


def test_a_charset_is_accepted(mlflow: Mlflow) -> None:
    answer = mlflow.client.generic(
        "POST",
        mlflow.url("experiments/create"),
        b'{"name":"e1"}',
        content_type="application/json; charset=utf-8",
    )
    assert answer.json() == {"experiment_id": "1"}


def test_a_compressed_body_is_refused(mlflow: Mlflow) -> None:
    answer = mlflow.client.post(
        mlflow.url("experiments/create"),
        b"\x1f\x8b",
        content_type=JSON,
        headers={"Content-Encoding": "gzip"},
    )
    assert refusal(answer).code == "INVALID_PARAMETER_VALUE"


def test_json_in_json_is_read(mlflow: Mlflow) -> None:
    raw = json.dumps(json.dumps({"name": "e1", "tags": None})).encode()
    answer = mlflow.client.generic(
        "POST", mlflow.url("experiments/create"), raw, content_type=JSON
    )
    assert answer.json() == {"experiment_id": "1"}


def test_unknown_fields_are_ignored_and_camel_case_is_unknown(mlflow: Mlflow) -> None:
    mlflow.post("experiments/create", name="e1", color="red", artifactLocation="x")
    refused = mlflow.refused_get("runs/get", runId="x")
    assert refused.message.startswith("Missing value for required parameter 'run_id'")


def test_a_wrong_type_is_named_with_its_path(mlflow: Mlflow) -> None:
    refused = mlflow.refused("experiments/create", name=5)
    assert refused.message.startswith(
        "Invalid value 5 for parameter 'name' supplied: Hint: Value was of type 'int'."
    )
    nested = mlflow.refused("experiments/create", name="e", tags=[{"key": 5}])
    assert "'tags[0].key'" in nested.message
    missing = mlflow.refused("experiments/create", name="e", tags=[{}])
    assert missing.message.startswith(
        "Missing value for required parameter 'tags[0].key'."
    )


@pytest.mark.parametrize("depth", [900, 9000])
def test_a_body_that_is_nested_too_deeply_is_refused(
    mlflow: Mlflow, depth: int
) -> None:
    raw = b'{"name": null, "x": ' + b"[" * depth + b"]" * depth + b"}"
    refused = mlflow.refused_raw("experiments/create", raw)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "nested too deeply" in refused.message


def test_a_large_body_is_refused(mlflow: Mlflow, settings: object) -> None:
    settings.MAX_BODY = 1000  # type: ignore[attr-defined]
    raw = json.dumps({"name": "x" * 2000}).encode()
    assert mlflow.refused_raw("experiments/create", raw).status == 413


@pytest.mark.parametrize(
    "path",
    [
        "/w/lab/api/2.0/mlflow/nothing",
        "/api/3.0/mlflow/server-features",
        "/ajax-api/2.0/mlflow/experiments",
        "/w/lab/api/2.0/mlflow/experiments/get/",
    ],
)
def test_unknown_routes_return_an_explanation(mlflow: Mlflow, path: str) -> None:
    refused = refusal(mlflow.client.get(path))
    assert (refused.status, refused.code) == (404, "ENDPOINT_NOT_FOUND")


def test_the_wrong_method_is_405(mlflow: Mlflow) -> None:
    answer = mlflow.send("PUT", "experiments/create")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert refusal(answer).code == "ENDPOINT_NOT_FOUND"


def test_the_version_is_one_whose_clients_send_no_spans(mlflow: Mlflow) -> None:
    for path in ("/version", "/w/lab/version"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain")
        assert Version("3") < Version(answer.content.decode()) < Version("3.4")


def test_health_needs_no_credentials(db: None) -> None:
    answer = Client().get("/health")
    assert (answer.status_code, answer.content) == (200, b"OK")


def test_server_info_turns_multipart_uploads_on(mlflow: Mlflow) -> None:
    for base in ("/w/lab", ""):
        answer = mlflow.client.get(f"{base}/api/3.0/mlflow/server-info")
        assert answer.json() == {
            "store_type": "SqlStore",
            "workspaces_enabled": False,
            "multipart_uploads_enabled": True,
            "multipart_downloads_enabled": False,
        }


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_a_token_everything_is_401_in_json(
    mlflow: Mlflow, headers: dict[str, str]
) -> None:
    stranger = Client(headers=headers)
    for path in ("experiments/search", "nothing"):
        answer = stranger.get(mlflow.url(path))
        refused = refusal(answer)
        assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")
        assert "WWW-Authenticate" in answer.headers


def test_a_session_writes_only_with_the_csrf_token(mlflow: Mlflow) -> None:
    browser = Client(enforce_csrf_checks=True)
    user = mlflow.workspace.members.get().user
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post(
        mlflow.url("experiments/create"), {"name": "e1"}, content_type=JSON
    )
    assert answer.status_code == 403
    assert browser.get(mlflow.url("experiments/get?experiment_id=0")).status_code == 200


def test_only_a_large_reply_is_compressed(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    headers = {"Accept-Encoding": "gzip, deflate"}
    url = mlflow.url(f"runs/get?run_id={run_id}")
    small = mlflow.client.get(url, headers=headers)
    assert "Content-Encoding" not in small
    mlflow.post("runs/set-tag", run_id=run_id, key="long", value="x" * 2000)
    large = mlflow.client.get(url, headers=headers)
    assert large["Content-Encoding"] == "gzip"
    assert len(large.content) < len(small.content) + 200
