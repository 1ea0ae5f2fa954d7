"""Features of MLflow that are refused: by a sentence that names the feature."""

import json
import logging

import pytest
from django.test import Client

from runs.api.mlflow import refusals
from runs.api.mlflow.refusals import refusal
from studio.settings.base import is_failure_record
from tests.api.protocol import Mlflow, reply
from tests.api.protocol import refusal as read_refusal

#: A path below `/api/2.0/` or `/api/3.0/`, and the word of its sentence.
FEATURES = {
    "mlflow/traces": "traces",
    "mlflow/traces/search": "traces",
    "mlflow/traces/tr-1/assessments": "traces",
    "mlflow/traces/tr-1/credentials-for-data-download": "traces",
    "mlflow/unified-traces": "traces",
    "mlflow/tracing/locations": "traces",
    "mlflow/get-online-trace-details": "traces",
    "mlflow/get-trace-artifact": "traces",
    "mlflow/experiments/1/trace-location:link": "traces",
    "mlflow/traces/link-prompts": "prompts",
    "mlflow/unity-catalog/prompts/p/versions": "prompts",
    "mlflow/unity-catalog/prompt-versions/links-to-runs": "prompts",
    "mlflow/prompt-optimization/jobs": "prompt optimization",
    "mlflow/datasets/search": "evaluation datasets",
    "mlflow/datasets/d-1/records": "evaluation datasets",
    "mlflow/scorers/register": "scorers",
    "mlflow/scorers/online-configs": "scorers",
    "mlflow/scorer/invoke": "scorers",
    "mlflow/gateway/endpoints/list": "gateway",
    "mlflow/gateway-proxy": "gateway",
    "endpoints/chat": "gateway",
    "mlflow/runs/create-promptlab-run": "prompt lab",
    "mlflow/webhooks": "webhooks",
    "mlflow/webhooks/1/test": "webhooks",
    "mlflow/review-queues/items/add": "review queues",
    "mlflow/label-schemas/list": "label schemas",
    "mlflow/issues": "issues",
    "mlflow/issues/search": "issues",
    "mlflow/mcp-servers/a/versions": "MCP servers",
    "mlflow/genai/evaluate/invoke": "evaluations",
    "mlflow/jobs/1": "jobs",
    "jobs/search": "jobs",
    "mlflow/workspaces": "workspaces",
    "mlflow/artifacts/presigned-upload-url": "presigned",
    "mlflow/artifacts/create-multipart-upload": "presigned",
    "mlflow/logged-models/m-1/artifacts/credentials-for-upload": "presigned",
    "mlflow/unity-catalog/registered-models/get": "Unity Catalog",
    "unity-catalog/models": "Unity Catalog",
    "mlflow/ui-telemetry": "telemetry",
    "mlflow/assistant/message": "assistant",
    "mlflow/demo/generate": "demo",
    "preview/mlflow/runs/search": "preview",
}


@pytest.mark.parametrize(("route", "feature"), FEATURES.items())
def test_the_sentence_names_the_feature(route: str, feature: str) -> None:
    sentence = refusal(route) or ""
    assert feature in sentence
    assert sentence.startswith("Run Studio ")
    assert sentence.endswith(".")
    # One sentence.
    assert ". " not in sentence


@pytest.mark.parametrize(
    "route",
    [
        "mlflow/tracesx",
        "mlflow/nothing",
        "mlflow/experiments/1/tracelocation",
        "mlflow/datasets-of-mine",
        "other",
    ],
)
def test_an_unknown_path_is_no_feature(route: str) -> None:
    assert refusal(route) is None


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("base", ["/w/lab/api/3.0", "/api/2.0", "/w/lab/ajax-api/3.0"])
def test_a_feature_is_refused_in_a_way_that_clients_do_not_retry(
    mlflow: Mlflow, base: str, method: str
) -> None:
    answer = mlflow.client.generic(method, f"{base}/mlflow/traces/tr-1")
    refused = read_refusal(answer)
    assert (refused.status, refused.code) == (501, "NOT_IMPLEMENTED")
    assert refused.message == refusals.TRACES


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("attribute.run_id = 'r1'", 200),
        ("attributes.run_id='r1' AND status = 'OK'", 200),
        ("", 501),
        ("status = 'OK'", 501),
    ],
)
def test_a_run_has_no_traces_and_other_searches_are_refused(
    mlflow: Mlflow, text: str, status: int
) -> None:
    """After an evaluation the client searches for the traces of its run."""
    answer = mlflow.client.post(
        "/w/lab/api/3.0/mlflow/traces/search",
        {"filter": text, "max_results": 100},
        content_type="application/json",
    )
    assert answer.status_code == status
    if status == 200:
        assert reply(answer) == {}


@pytest.mark.parametrize("path", ["/v1/traces", "/w/lab/v1/traces"])
def test_spans_of_opentelemetry_are_refused(mlflow: Mlflow, path: str) -> None:
    answer = mlflow.client.post(
        path, b"\x0a\x00", content_type="application/x-protobuf"
    )
    assert (answer.status_code, read_refusal(answer).message) == (501, refusals.TRACES)


def test_calls_of_the_gateway_are_refused(mlflow: Mlflow) -> None:
    answer = mlflow.client.post("/w/lab/gateway/chat/mlflow/invocations")
    assert read_refusal(answer).message == refusals.GATEWAY


def test_a_refusal_needs_credentials(db: None) -> None:
    answer = Client().get("/w/lab/api/3.0/mlflow/traces")
    assert (answer.status_code, json.loads(answer.content)["error_code"]) == (
        401,
        "UNAUTHENTICATED",
    )


@pytest.mark.parametrize(("status", "is_failure"), [(500, True), (501, False)])
def test_refusals_are_no_errors_in_the_log(status: int, is_failure: bool) -> None:
    record = logging.makeLogRecord({"status_code": status})
    assert is_failure_record(record) is is_failure
