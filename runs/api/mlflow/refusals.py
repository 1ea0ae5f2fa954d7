"""Features of MLflow that this server does not have, each with its sentence.

A request for one of them is answered with `NOT_IMPLEMENTED` (501), which clients never
retry, and with a sentence that names the feature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from runs.access import SIGNED_IN, Permission, StudioRequest, access
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.errors import EndpointNotFound, render_error
from studio.core.errors import NotSupported

TRACES = (
    "Run Studio does not store traces; your code runs without them, and "
    "mlflow.tracing.disable() stops sending them."
)
PROMPTS = (
    "Run Studio does not store prompts of MLflow's prompt registry; keep them in files "
    "and log them with the run."
)
SCORERS = "Run Studio does not store or run scorers; pass them to evaluate() instead."
EVALUATION_DATASETS = (
    "Run Studio does not store evaluation datasets; pass your data as a list or a "
    "data frame instead."
)
GATEWAY = "Run Studio has no AI gateway; call your model provider directly."
PROMPT_LAB = "Run Studio has no prompt lab; log the run from a script instead."
WEBHOOKS = "Run Studio does not send webhooks of MLflow."
REVIEW_QUEUES = "Run Studio has no review queues."
LABEL_SCHEMAS = "Run Studio has no label schemas."
ISSUES = "Run Studio does not detect or store issues of traces."
MCP_SERVERS = "Run Studio has no registry of MCP servers."
PROMPT_OPTIMIZATION = "Run Studio does not run prompt optimization jobs."
EVALUATION_JOBS = "Run Studio does not run evaluations; call evaluate() in a script."
JOBS = "Run Studio does not run jobs of MLflow's server."
WORKSPACES = (
    "Run Studio does not manage its workspaces through MLflow; choose one in the "
    "tracking URI: /w/WORKSPACE."
)
PRESIGNED_URLS = (
    "Run Studio has no presigned URLs; files are sent and read through the tracking "
    "URI."
)
UNITY_CATALOG = "Run Studio is not connected to Databricks Unity Catalog."
TELEMETRY = "Run Studio does not collect telemetry of MLflow's pages."
ASSISTANT = "Run Studio has no assistant of MLflow's pages."
DEMO = "Run Studio does not create the demo data of MLflow."
OLD_PREVIEW = (
    "Run Studio does not have the preview API of MLflow 0.x; use a client from 1.0 on."
)

#: What a path begins with after `/api/2.0/`; the first match counts.
_FEATURES: Sequence[tuple[str, str]] = (
    (r"mlflow/unity-catalog/prompt[\w-]*", PROMPTS),
    (r"(mlflow/)?unity-catalog|fs", UNITY_CATALOG),
    (r"mlflow/traces/link-prompts", PROMPTS),
    (r"mlflow/(traces|tracing|unified-traces)", TRACES),
    (r"mlflow/get-(online-trace-details|trace-artifact)", TRACES),
    (r"mlflow/experiments/[^/]+/trace-location", TRACES),
    (r"mlflow/prompt-optimization", PROMPT_OPTIMIZATION),
    (r"mlflow/prompts", PROMPTS),
    (r"mlflow/datasets", EVALUATION_DATASETS),
    (r"mlflow/scorers?", SCORERS),
    (r"mlflow/gateway(-proxy)?", GATEWAY),
    (r"endpoints", GATEWAY),
    (r"mlflow/runs/create-promptlab-run", PROMPT_LAB),
    (r"mlflow/webhooks", WEBHOOKS),
    (r"mlflow/review-queues", REVIEW_QUEUES),
    (r"mlflow/label-schemas", LABEL_SCHEMAS),
    (r"mlflow/issues", ISSUES),
    (r"mlflow/mcp-servers", MCP_SERVERS),
    (r"mlflow/genai/evaluate", EVALUATION_JOBS),
    (r"(mlflow/)?jobs", JOBS),
    (r"mlflow/workspaces", WORKSPACES),
    (r"mlflow/artifacts/[\w-]*(presigned|multipart|credentials)[\w-]*", PRESIGNED_URLS),
    (r"mlflow/logged-models/[^/]+/artifacts/credentials-[\w-]+", PRESIGNED_URLS),
    (r"mlflow/ui-telemetry", TELEMETRY),
    (r"mlflow/assistant", ASSISTANT),
    (r"mlflow/demo", DEMO),
    (r"preview/mlflow", OLD_PREVIEW),
)
_PATTERNS = tuple(
    (re.compile(rf"(?:{start})(?![\w-])"), sentence) for start, sentence in _FEATURES
)


#: What clients send for `mlflow.search_traces(run_id=…)`.
_SEARCH_OF_ONE_RUN = re.compile(r"\s*attributes?\.run_id\s*=\s*'")


def refusal(route: str) -> str | None:
    """Return the sentence for a path below `/api/2.0/`, None for an unknown path."""
    return next((text for start, text in _PATTERNS if start.match(route)), None)


@access(SIGNED_IN, errors=render_error)
def refuse(request: HttpRequest, route: str = "") -> HttpResponse:
    """Refuse a feature of MLflow by its name, and any other path as unknown."""
    sentence = refusal(route)
    if sentence is not None:
        raise NotSupported(sentence)
    raise EndpointNotFound(
        f"This server has no endpoint {request.method} {request.path_info}."
    )


class SearchTraces(msgspec.Struct):
    filter: str = ""


@endpoint(Permission.READ, SearchTraces)
def search_traces(request: StudioRequest, body: SearchTraces) -> dict[str, Any]:
    """Find no traces of a run, and refuse every other search.

    `mlflow.genai.evaluate` logs its results, and then searches for the traces of its
    run. A refusal would end that run as failed.
    """
    del request
    if _SEARCH_OF_ONE_RUN.match(body.filter):
        return {}
    raise NotSupported(TRACES)


@access(SIGNED_IN, errors=render_error)
def refuse_traces(request: HttpRequest) -> HttpResponse:
    """Refuse spans that OpenTelemetry exporters and MLflow 3.4 and later send."""
    del request
    raise NotSupported(TRACES)


@access(SIGNED_IN, errors=render_error)
def refuse_gateway(request: HttpRequest, route: str = "") -> HttpResponse:
    """Refuse calls of models through MLflow's gateway."""
    del request, route
    raise NotSupported(GATEWAY)
