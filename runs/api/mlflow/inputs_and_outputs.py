"""MLflow: log the datasets and models of runs, and list the datasets of experiments."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.access import Permission, StudioRequest
from runs.actions import ingest
from runs.actions.ingest import DatasetUse
from runs.api.mlflow.decoding import WireNumber, read_int
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.errors import missing_parameter
from runs.api.mlflow.lookups import RunRequest, find_run, parse_experiment_ids
from runs.api.mlflow.tags import KeyValue
from runs.models import RunDataset, now_ms
from studio.core import names
from studio.core.errors import InvalidValue
from studio.core.names import check_text

#: MLflow's own limits.
MAX_DATASETS_PER_CALL = 1000
MAX_EXPERIMENTS_PER_SEARCH = 20
MAX_DATASET_SUMMARIES = 1000


class DatasetBody(msgspec.Struct):
    name: str = ""
    digest: str = ""
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""


class DatasetInput(msgspec.Struct):
    dataset: DatasetBody
    tags: list[KeyValue] = msgspec.field(default_factory=list)


class ModelBody(msgspec.Struct):
    model_id: str
    step: WireNumber = 0


class LogInputs(RunRequest):
    datasets: list[DatasetInput] = msgspec.field(default_factory=list)
    models: list[ModelBody] = msgspec.field(default_factory=list)


class LogOutputs(RunRequest):
    models: list[ModelBody] = msgspec.field(default_factory=list)


class SearchDatasets(msgspec.Struct):
    experiment_ids: list[str] = []


@endpoint(Permission.LOG, LogInputs, scoped_tokens=True)
def log_inputs(request: StudioRequest, body: LogInputs) -> dict[str, Any]:
    run = find_run(request, body)
    if len(body.datasets) > MAX_DATASETS_PER_CALL:
        raise InvalidValue(
            f"At most {MAX_DATASETS_PER_CALL} datasets can be logged at once. "
            f"Got {len(body.datasets)}.",
            field="datasets",
            limit=MAX_DATASETS_PER_CALL,
        )
    uses = [
        read_dataset_use(one, f"datasets[{n}]") for n, one in enumerate(body.datasets)
    ]
    ingest.log_run_inputs(
        run, uses, read_model_steps(body.models), actor=request.actor, now=now_ms()
    )
    return {}


@endpoint(Permission.LOG, LogOutputs, scoped_tokens=True)
def log_outputs(request: StudioRequest, body: LogOutputs) -> dict[str, Any]:
    run = find_run(request, body)
    ingest.log_run_outputs(
        run, read_model_steps(body.models), actor=request.actor, now=now_ms()
    )
    return {}


@endpoint(Permission.READ, SearchDatasets)
def search_datasets(request: StudioRequest, body: SearchDatasets) -> dict[str, Any]:
    return find_dataset_summaries(request, body)


def find_dataset_summaries(
    request: StudioRequest, body: SearchDatasets
) -> dict[str, Any]:
    """Return the datasets that runs of the experiments read, with each context."""
    if not body.experiment_ids:
        raise missing_parameter("experiment_ids")
    count, limit = len(body.experiment_ids), MAX_EXPERIMENTS_PER_SEARCH
    if count > limit:
        raise InvalidValue(
            f"At most {limit} experiment_ids can be searched at once. Got {count}.",
            field="experiment_ids",
            limit=limit,
        )
    columns = {
        "experiment_id": "dataset__experiment__number",
        "name": "dataset__name",
        "digest": "dataset__digest",
        "context": "context",
    }
    rows = (
        RunDataset.objects.filter(
            dataset__experiment__workspace=workspace_of(request),
            dataset__experiment__number__in=parse_experiment_ids(body.experiment_ids),
        )
        .order_by(*columns.values())
        .values_list(*columns.values())
        .distinct()
    )
    found = [
        {
            name: str(value)
            for name, value in zip(columns, row, strict=True)
            if value != ""
        }
        for row in rows[:MAX_DATASET_SUMMARIES]
    ]
    return {"dataset_summaries": found} if found else {}


def read_model_steps(models: list[ModelBody]) -> dict[str, int]:
    """Return the steps by model id."""
    names.check_count(len(models), "models")
    return {
        check_text(
            one.model_id, f"models[{index}].model_id", limit=64, empty=False
        ): read_int(one.step, f"models[{index}].step")
        for index, one in enumerate(models)
    }


def read_dataset_use(use: DatasetInput, at: str) -> DatasetUse:
    dataset = use.dataset
    # Schema and profile are optional in the protocol.
    for name in ("name", "digest", "source_type", "source"):
        if not getattr(dataset, name):
            raise missing_parameter(f"{at}.dataset.{name}")
    limits = {
        "name": names.MAX_DATASET_NAME,
        "digest": names.MAX_DATASET_DIGEST,
        "source_type": 255,
        "source": names.MAX_DATASET_SOURCE,
        "schema": names.MAX_DATASET_SCHEMA,
        "profile": names.MAX_DATASET_PROFILE,
    }
    texts = {
        name: check_text(getattr(dataset, name), f"{at}.dataset.{name}", limit=limit)
        for name, limit in limits.items()
    }
    return DatasetUse(**texts, tags=read_dataset_tags(use.tags, f"{at}.tags"))


def read_dataset_tags(tags: list[KeyValue], at: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            check_text(tag.key, f"{at}[{n}].key", limit=names.MAX_INPUT_TAG_KEY),
            check_text(tag.value, f"{at}[{n}].value", limit=names.MAX_INPUT_TAG_VALUE),
        )
        for n, tag in enumerate(tags)
    )
