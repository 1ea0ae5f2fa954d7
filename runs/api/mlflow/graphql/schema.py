"""The types of MLflow's GraphQL schema that pages query, with the fields of REST."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldType:
    type: str
    is_list: bool = False


def _finite(value: Any) -> float | None:
    """Return a number that JSON can hold; MLflow's pages read NaN as null."""
    number = float(value)
    return number if math.isfinite(number) else None


#: How a value of REST is shown; LongString is an integer in a string.
SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "String": str,
    "Boolean": bool,
    "Float": _finite,
    "LongString": str,
}


def _type(text: str, **others: str) -> dict[str, FieldType]:
    """Return fields: names of texts, and names of other types, `[…]` for a list."""
    plain = {name: FieldType("String") for name in text.split()}
    return plain | {
        name: FieldType(kind.strip("[]"), kind.startswith("["))
        for name, kind in others.items()
    }


_KEY_VALUE = _type("key value")
_METRIC = _type(
    "key datasetName datasetDigest modelId runId",
    value="Float",
    timestamp="LongString",
    step="LongString",
)
TYPES: Mapping[str, Mapping[str, FieldType]] = {
    "Query": _type(
        "",
        mlflowGetExperiment="MlflowGetExperimentResponse",
        mlflowGetRun="MlflowGetRunResponse",
        mlflowSearchRuns="MlflowSearchRunsResponse",
        mlflowListArtifacts="MlflowListArtifactsResponse",
        mlflowGetMetricHistoryBulkInterval="MlflowGetMetricHistoryBulkIntervalResponse",
        mlflowSearchModelVersions="MlflowSearchModelVersionsResponse",
    ),
    "Mutation": _type(
        "",
        mlflowSearchRuns="MlflowSearchRunsResponse",
        mlflowSearchDatasets="MlflowSearchDatasetsResponse",
    ),
    "MlflowGetExperimentResponse": _type(
        "", experiment="MlflowExperiment", apiError="ApiError"
    ),
    "MlflowGetRunResponse": _type("", run="MlflowRunExtension", apiError="ApiError"),
    "MlflowSearchRunsResponse": _type(
        "nextPageToken", runs="[MlflowRunExtension]", apiError="ApiError"
    ),
    "MlflowListArtifactsResponse": _type(
        "rootUri nextPageToken", files="[MlflowFileInfo]", apiError="ApiError"
    ),
    "MlflowGetMetricHistoryBulkIntervalResponse": _type(
        "", metrics="[MlflowMetricWithRunId]", apiError="ApiError"
    ),
    "MlflowSearchDatasetsResponse": _type(
        "", datasetSummaries="[MlflowDatasetSummary]", apiError="ApiError"
    ),
    "MlflowSearchModelVersionsResponse": _type(
        "nextPageToken", modelVersions="[MlflowModelVersion]", apiError="ApiError"
    ),
    "MlflowModelVersion": _type(
        "name version userId currentStage description source runId status "
        "statusMessage runLink modelId",
        creationTimestamp="LongString",
        lastUpdatedTimestamp="LongString",
        tags="[MlflowModelVersionTag]",
        aliases="[String]",
    ),
    "ApiError": _type("code message helpUrl traceId"),
    "MlflowExperiment": _type(
        "experimentId name artifactLocation lifecycleStage workspace "
        "effectiveTraceArchivalRetention",
        creationTime="LongString",
        lastUpdateTime="LongString",
        tags="[MlflowExperimentTag]",
    ),
    "MlflowRunExtension": _type(
        "",
        info="MlflowRunInfo",
        data="MlflowRunData",
        inputs="MlflowRunInputs",
        outputs="MlflowRunOutputs",
        experiment="MlflowExperiment",
        modelVersions="[MlflowModelVersion]",
    ),
    "MlflowRunInfo": _type(
        "runId runUuid runName experimentId userId status artifactUri lifecycleStage",
        startTime="LongString",
        endTime="LongString",
    ),
    "MlflowRunData": _type(
        "",
        metrics="[MlflowMetricExtension]",
        params="[MlflowParam]",
        tags="[MlflowRunTag]",
    ),
    "MlflowRunInputs": _type(
        "", datasetInputs="[MlflowDatasetInput]", modelInputs="[MlflowModelInput]"
    ),
    "MlflowRunOutputs": _type("", modelOutputs="[MlflowModelOutput]"),
    "MlflowDatasetInput": _type("", dataset="MlflowDataset", tags="[MlflowInputTag]"),
    "MlflowDataset": _type("name digest sourceType source schema profile"),
    "MlflowModelInput": _type("modelId"),
    "MlflowModelOutput": _type("modelId", step="LongString"),
    "MlflowDatasetSummary": _type("experimentId name digest context"),
    "MlflowFileInfo": _type("path", isDir="Boolean", fileSize="LongString"),
    "MlflowMetricExtension": _METRIC,
    "MlflowMetricWithRunId": _METRIC,
    "MlflowParam": _KEY_VALUE,
    "MlflowRunTag": _KEY_VALUE,
    "MlflowExperimentTag": _KEY_VALUE,
    "MlflowInputTag": _KEY_VALUE,
    "MlflowModelVersionTag": _KEY_VALUE,
}
