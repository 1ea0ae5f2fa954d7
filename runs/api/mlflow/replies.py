"""Convert experiments and runs to MLflow's JSON; unset fields are left out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runs.api.mlflow.enums import lifecycle_stage
from runs.models import (
    Direction,
    Experiment,
    Metric,
    MetricKind,
    Run,
    RunDataset,
    RunModel,
    RunParam,
    RunTag,
)
from runs.storage.prepared import Prepared, PreparedRows
from studio.core.filters.mlflow import status_word
from studio.core.git import shown_value

Json = dict[str, Any]

#: How many runs one query looks up; every SQLite allows this many values.
RUNS_PER_QUERY = 1000

NAME_TAG = "mlflow.runName"
NOTE_TAG = "mlflow.note.content"
PARENT_TAG = "mlflow.parentRunId"
USER_TAG = "mlflow.user"
CONTEXT_TAG = "mlflow.data.context"

#: `order_by("id")` is the order in which a run logged its keys.
_text_rows = {
    model: PreparedRows(
        lambda ids, model=model: (
            model.objects.filter(run__id__in=ids)
            .order_by("id")
            .values_list("run_id", "key__name", "value")
        )
    )
    for model in (RunTag, RunParam)
}
_latest_rows = PreparedRows(
    lambda ids: (
        Metric.objects.filter(
            run__id__in=ids,
            kind=MetricKind.SERIES,
            # MLflow's metrics are numbers; other clients also log texts.
            last_text__isnull=True,
            count__gt=0,
        )
        .order_by("id")
        .values_list(
            "run_id", "key__name", "last", "last_is_nan", "last_time", "last_step"
        )
    )
)
_dataset_uses = Prepared(
    lambda ids: (
        RunDataset.objects.filter(run__id__in=ids)
        .select_related("dataset")
        .order_by("id")
    )
)
_model_links = Prepared(
    lambda ids: RunModel.objects.filter(run__id__in=ids).order_by("id")
)


def to_wire_float(value: float) -> float | str:
    """Return a double for JSON: NaN and infinities as text."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def key_value_list(values: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def without_empty_lists(**lists: list[Json]) -> Json:
    """Return the lists without empty ones; clients expect those to be absent."""
    return {name: items for name, items in lists.items() if items}


def artifact_location(experiment: Experiment) -> str:
    # Without a host, clients resolve this scheme against their tracking URI. So the
    # server's address and workspace can change.
    own = f"mlflow-artifacts:/{experiment.number}"
    return experiment.artifact_location.rstrip("/") or own


def artifact_uri(run: Run) -> str:
    return f"{artifact_location(run.experiment)}/{run.run_id}/artifacts"


def experiment_json(experiment: Experiment, tags: dict[str, str]) -> Json:
    # The stored tag can be older than the description, which pages change too.
    shown = {key: value for key, value in tags.items() if key != NOTE_TAG}
    if experiment.description:
        shown[NOTE_TAG] = experiment.description
    return {
        "experiment_id": str(experiment.number),
        "name": experiment.name,
        "artifact_location": artifact_location(experiment),
        "lifecycle_stage": lifecycle_stage(experiment),
        "creation_time": experiment.created,
        "last_update_time": experiment.updated,
        "tags": key_value_list(shown),
    }


def experiments_json(experiments: Sequence[Experiment]) -> list[Json]:
    """Convert experiments with their tags; the caller has prefetched `tags`."""
    return [
        experiment_json(one, {tag.key: tag.value or "" for tag in one.tags.all()})
        for one in experiments
    ]


def run_info(run: Run, user: str) -> Json:
    info: Json = {
        "run_id": run.run_id,
        "run_uuid": run.run_id,
        "experiment_id": str(run.experiment.number),
        "run_name": run.name,
        # The tag has the user name on the client's machine, as MLflow's clients expect.
        "user_id": user or (run.submitter.username if run.submitter else ""),
        "status": status_word(run.state),
        "start_time": run.started,
        "end_time": run.ended,
        "artifact_uri": artifact_uri(run),
        "lifecycle_stage": lifecycle_stage(run),
    }
    return {key: value for key, value in info.items() if value is not None}


def tags_with_mirrors(run: Run, stored: dict[str, str]) -> dict[str, str]:
    """Return the tags, with tags that mirror a field read from that field."""
    mirrored = {
        NAME_TAG: run.name,
        NOTE_TAG: run.description,
        PARENT_TAG: run.parent_run_id,
    }
    kept = {key: value for key, value in stored.items() if key not in mirrored}
    return {**kept, **{key: value for key, value in mirrored.items() if value}}


def run_json(run: Run) -> Json:
    return next(runs_json([run]))


def runs_json(runs: Sequence[Run]) -> Iterator[Json]:
    """Convert runs with all their data, in a fixed number of queries per thousand."""
    for start in range(0, len(runs), RUNS_PER_QUERY):
        yield from _runs_json_batch(runs[start : start + RUNS_PER_QUERY])


def _runs_json_batch(runs: Sequence[Run]) -> Iterator[Json]:
    ids = [run.pk for run in runs]
    tags = params_or_tags_by_run(RunTag, ids)
    params = params_or_tags_by_run(RunParam, ids)
    metrics = latest_metrics(ids)
    datasets = dataset_inputs(ids)
    models = linked_models(ids)
    for run in runs:
        yield {
            "info": run_info(run, tags[run.pk].get(USER_TAG, "")),
            "data": without_empty_lists(
                metrics=metrics[run.pk],
                params=key_value_list(params[run.pk]),
                tags=key_value_list(tags_with_mirrors(run, tags[run.pk])),
            ),
            "inputs": without_empty_lists(
                dataset_inputs=datasets[run.pk],
                model_inputs=models[run.pk, Direction.INPUT],
            ),
            "outputs": without_empty_lists(
                model_outputs=models[run.pk, Direction.OUTPUT],
            ),
        }


def new_run_json(run: Run, tags: dict[str, str]) -> Json:
    """Convert a run that was just created with these tags, without a query."""
    # The order in which they were stored.
    stored = dict(sorted(tags.items()))
    return {
        "info": run_info(run, tags.get(USER_TAG, "")),
        "data": without_empty_lists(
            tags=key_value_list(tags_with_mirrors(run, stored))
        ),
        "inputs": {},
        "outputs": {},
    }


def params_or_tags_by_run(
    model: type[RunTag] | type[RunParam], ids: Sequence[int]
) -> dict[int, dict[str, str]]:
    """Return tags or parameters by run; a tag without a value is an empty text."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for run, key, value in _text_rows[model].all(list(ids)):
        found[run][key] = shown_value(key, value or "")
    return found


def latest_metrics(ids: Sequence[int]) -> dict[int, list[Json]]:
    """Return the last point of every numeric metric, by run."""
    found: dict[int, list[Json]] = defaultdict(list)
    for run, key, value, is_nan, time, step in _latest_rows.all(list(ids)):
        if value is None and not is_nan:
            continue
        shown = "NaN" if is_nan else to_wire_float(value)
        point = {"key": key, "value": shown, "timestamp": time, "step": step}
        found[run].append(point)
    return found


def dataset_inputs(ids: Sequence[int]) -> dict[int, list[Json]]:
    found: dict[int, list[Json]] = defaultdict(list)
    for use in _dataset_uses.all(list(ids)):
        dataset: Json = {
            "name": use.dataset.name,
            "digest": use.dataset.digest,
            "source_type": use.dataset.source_type,
            "source": use.dataset.source,
        }
        for name in ("schema", "profile"):
            if text := getattr(use.dataset, name):
                dataset[name] = text
        found[use.run_id].append({"tags": key_value_list(use.tags), "dataset": dataset})
    return found


def linked_models(ids: Iterable[int]) -> dict[tuple[int, str], list[Json]]:
    """Return the models that runs read and wrote, by run and direction."""
    found: dict[tuple[int, str], list[Json]] = defaultdict(list)
    for link in _model_links.all(list(ids)):
        model: Json = {"model_id": link.model_id}
        if link.direction == Direction.OUTPUT:
            model["step"] = link.step
        found[link.run_id, link.direction].append(model)
    return found
