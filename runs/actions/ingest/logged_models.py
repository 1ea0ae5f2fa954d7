"""Logged models and datasets: what runs read and write, recorded by MLflow clients."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.ingest import points_and_params
from runs.actions.ingest.points_and_params import Point
from runs.actions.run_rows import (
    record_heartbeat,
    refuse_if_model_registered,
    refuse_if_source_locked,
)
from runs.models import (
    Dataset,
    Direction,
    Experiment,
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    Run,
    RunDataset,
    RunModel,
)
from studio.core import names
from studio.core.errors import Immutable, InvalidName, InvalidValue, NotFound

MODEL_PENDING = "LOGGED_MODEL_PENDING"
CONTEXT_TAG = "mlflow.data.context"
#: MLflow's own rule.
_FORBIDDEN_CHARACTERS = frozenset("/:.%\"'")


@dataclass(frozen=True)
class DatasetUse:
    """A dataset that a run read, with tags for this use."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str = ""
    profile: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@transaction.atomic
def create_logged_model(
    experiment: Experiment,
    name: str,
    *,
    actor: Actor,
    now: int,
    model_type: str = "",
    source_run_id: str = "",
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:
    """Create a model whose files are not uploaded yet."""
    del actor  # A model has no owner of its own; it belongs to its run.
    check_model_name(name)
    model = LoggedModel.objects.create(
        workspace=experiment.workspace,
        experiment=experiment,
        # The form of MLflow's ids, by which clients recognize `models:/m-…`.
        model_id=f"m-{uuid.uuid4().hex}",
        name=name,
        status=MODEL_PENDING,
        model_type=names.check_text(
            model_type, "model_type", limit=names.MAX_MODEL_NAME
        ),
        source_id=source_run_id,
        source_run=Run.objects.filter(
            workspace=experiment.workspace, run_id=source_run_id
        ).first(),
        created=now,
        updated=now,
    )
    add_model_params(model, params or {}, now=now)
    set_model_tags(model, tags or {}, now=now)
    return model


def check_model_name(name: str) -> str:
    text = names.check_text(name, "name", limit=names.MAX_MODEL_NAME, empty=False)
    found = sorted(_FORBIDDEN_CHARACTERS & set(text))
    if found or not text.isprintable():
        raise InvalidName(
            f"Invalid model name ({text!r}) provided. Model name must be a non-empty "
            "string and cannot contain the following characters: "
            "('/', ':', '.', '%', '\"', \"'\")",
            field="name",
        )
    return text


@transaction.atomic
def add_model_params(
    model: LoggedModel, params: Mapping[str, str], *, now: int
) -> None:
    """Write parameters once; raise Immutable if one already has another value."""
    # The update locks the model's row, so writers of one model take turns.
    _mark_updated(model, now)
    stored = dict(model.params.filter(key__in=params).values_list("key", "value"))
    for key, value in params.items():
        if stored.get(key, value) != value:
            raise Immutable(
                f"The parameter {key!r} of model {model.model_id} is {stored[key]!r} "
                "and can't be changed.",
                field="params",
            )
    LoggedModelParam.objects.bulk_create(
        LoggedModelParam(model=model, key=key, value=value)
        for key, value in params.items()
        if key not in stored
    )


@transaction.atomic
def set_model_tags(model: LoggedModel, tags: Mapping[str, str], *, now: int) -> None:
    """Set tags; existing keys get the new value."""
    LoggedModelTag.objects.bulk_create(
        # Sorted, so that two transactions that set the same tags can't deadlock.
        [LoggedModelTag(model=model, key=key, value=tags[key]) for key in sorted(tags)],
        update_conflicts=True,
        unique_fields=["model", "key"],
        update_fields=["value"],
    )
    _mark_updated(model, now)


@transaction.atomic
def remove_model_tag(model: LoggedModel, key: str, *, now: int) -> None:
    """Remove a tag; raise NotFound if it does not exist."""
    if not model.tags.filter(key=key).delete()[0]:
        raise NotFound(f"No tag with key {key!r} for model with ID {model.model_id!r}.")
    _mark_updated(model, now)


def set_model_status(model: LoggedModel, status: str, *, now: int) -> None:
    """Set the status: all files are uploaded, or the upload failed."""
    LoggedModel.objects.filter(pk=model.pk).update(status=status, updated=now)
    model.status, model.updated = status, now


@transaction.atomic
def trash_logged_model(model: LoggedModel, *, now: int) -> None:
    """Delete a model; its files stay until it is purged.

    Raises InvalidState if the run that wrote it is locked, or if a
    registered version points to the model.
    """
    refuse_if_source_locked(model)
    refuse_if_model_registered(model)
    LoggedModel.objects.filter(pk=model.pk).update(deleted=now, updated=now)


def _mark_updated(model: LoggedModel, now: int) -> None:
    LoggedModel.objects.filter(pk=model.pk).update(updated=now)
    model.updated = now


@transaction.atomic
def log_run_inputs(
    run: Run,
    datasets: Sequence[DatasetUse],
    model_ids: Iterable[str],
    *,
    actor: Actor,
    now: int,
) -> None:
    """Record the datasets and models that a run read; repeating it changes nothing."""
    record_heartbeat(run, actor, now)
    for use in datasets:
        _log_dataset(run, use)
    _link_models(run, dict.fromkeys(model_ids, 0), Direction.INPUT)


def _log_dataset(run: Run, use: DatasetUse) -> None:
    # The first description of a name and digest stays: the digest identifies the
    # content.
    dataset, _ = Dataset.objects.get_or_create(
        experiment=run.experiment,
        name=use.name,
        digest=use.digest,
        defaults={
            "source_type": use.source_type,
            "source": use.source,
            "schema": use.schema,
            "profile": use.profile,
        },
    )
    link, _ = RunDataset.objects.get_or_create(run=run, dataset=dataset)
    link.tags = {**link.tags, **dict(use.tags)}
    link.context = link.tags.get(CONTEXT_TAG, "")
    link.save(update_fields=["tags", "context"])


@transaction.atomic
def log_run_outputs(
    run: Run, steps: Mapping[str, int], *, actor: Actor, now: int
) -> None:
    """Record the models that a run wrote, with their steps; ids can be unknown."""
    record_heartbeat(run, actor, now)
    _link_models(run, steps, Direction.OUTPUT)


def _link_models(run: Run, steps: Mapping[str, int], direction: Direction) -> None:
    RunModel.objects.bulk_create(
        [
            RunModel(run=run, model_id=model_id, direction=direction, step=step)
            for model_id, step in sorted(steps.items())
        ],
        update_conflicts=True,
        unique_fields=["run", "model_id", "direction"],
        update_fields=["step"],
    )


def log_metrics_of_models(
    run: Run,
    points: Sequence[Point],
    *,
    actor: Actor,
    now: int,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str | None] | None = None,
) -> None:
    """Log points to the run, and keep the latest values of the models that points name.

    Raises InvalidValue for a model that does not exist.
    """
    model_points = [point for point in points if point.model_id]
    # Most calls log points alone, which needs fewer statements.
    if not params and not tags and not model_points:
        points_and_params.log_metrics(run, points, actor=actor, now=now)
        return
    with transaction.atomic():
        models = _find_models(run, {point.model_id for point in model_points})
        points_and_params.write_batch(run, points, params, tags, actor=actor, now=now)
        newest = {
            (one.model_id, one.key, one.dataset_name, one.dataset_digest): one
            for one in sorted(model_points, key=_point_sort_key)
        }
        for point in newest.values():
            _store_latest_metric(models[point.model_id], run, point)


def _find_models(run: Run, model_ids: set[str]) -> dict[str, LoggedModel]:
    if not model_ids:
        return {}
    found = LoggedModel.objects.filter(
        workspace=run.workspace, model_id__in=model_ids, deleted__isnull=True
    )
    models = {model.model_id: model for model in found}
    unknown = sorted(model_ids - set(models))
    if unknown:
        raise InvalidValue(
            f"The logged model {unknown[0]!r} doesn't exist.", field="model_id"
        )
    return models


def _point_sort_key(point: Point) -> tuple[int, int, float]:
    value = _float_value(point)
    # MLflow stores NaN as 0 with a flag, and compares that 0.
    return point.step or 0, point.time, 0.0 if math.isnan(value) else value


def _float_value(point: Point) -> float:
    return float(point.value) if isinstance(point.value, int | float) else 0.0


def _store_latest_metric(model: LoggedModel, run: Run, point: Point) -> None:
    """Store the point if it is the latest by (step, time, value), as for runs."""
    value = _float_value(point)
    is_nan = math.isnan(value)
    row = LoggedModelMetric.objects.filter(
        model=model,
        run=run,
        key=point.key,
        dataset_name=point.dataset_name,
        dataset_digest=point.dataset_digest,
    ).first() or LoggedModelMetric(
        model=model,
        run=run,
        key=point.key,
        dataset_name=point.dataset_name,
        dataset_digest=point.dataset_digest,
    )
    stored = (row.step, row.time, row.value or 0.0) if row.pk else None
    if stored is not None and stored >= _point_sort_key(point):
        return
    row.value, row.is_nan = (None if is_nan else value), is_nan
    row.step, row.time = point.step or 0, point.time
    row.save()
