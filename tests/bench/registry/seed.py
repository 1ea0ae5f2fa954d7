"""A home folder with many registered models, filled in batches."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import connection, models, transaction

from runs.actions.actor import Actor
from runs.actions.run import create_run
from runs.models import (
    Experiment,
    Key,
    KeyKind,
    Metric,
    ModelAlias,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
    Run,
    Workspace,
)
from tests.bench.data.invented import FIRST
from tests.bench.data.seed import prepare

BATCH = 5_000
#: Runs that the versions point to: reading one costs the same, however many there are.
RUNS = 200
HOUR = 3_600_000


@dataclass(frozen=True)
class RegistrySize:
    models: int
    versions: int


def seed(home: Path, size: RegistrySize) -> None:
    """Fill an empty home folder with models, each with as many versions."""
    place, actor = prepare(home, _say_nothing)
    workspace = Workspace.objects.get(pk=place.workspace)
    with transaction.atomic():
        runs = _add_runs(workspace, actor)
        named = _add_models(workspace, actor, size)
        _insert(_versions(named, runs, actor, size))
        _insert(_aliases_and_tags(named, size))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _say_nothing(text: str) -> None:
    del text


def _add_runs(workspace: Workspace, actor: Actor) -> list[Run]:
    experiment = Experiment.objects.filter(workspace=workspace).order_by("pk")[0]
    runs = [
        create_run(experiment, run_id=f"trained-{n}", actor=actor, now=FIRST + n * HOUR)
        for n in range(RUNS)
    ]
    keys = [
        Key.objects.create(workspace=workspace, kind=KeyKind.METRIC, name=name)
        for name in ("val/acc", "val/loss", "latency")
    ]
    chance = random.Random(1)
    Metric.objects.bulk_create(
        Metric(run=run, key=key, count=1, last=chance.random())
        for run in runs
        for key in keys
    )
    return runs


def _add_models(
    workspace: Workspace, actor: Actor, size: RegistrySize
) -> list[RegisteredModel]:
    kinds = ("classifier", "ranker", "检测", "speech", "Übersetzer")
    named = [
        RegisteredModel(
            workspace=workspace,
            name=f"{kinds[n % 5]}-{n * 7919 % size.models:05}",
            description=f"Model {n} of the team. " * (n % 4),
            last_version=size.versions,
            version_count=size.versions - n % 3,
            latest_version=size.versions,
            created=FIRST + n * HOUR,
            updated=FIRST + n * 31 % size.models * HOUR,
            created_by=actor.user,
        )
        for n in range(size.models)
    ]
    return RegisteredModel.objects.bulk_create(named, batch_size=BATCH)


def _versions(
    named: Sequence[RegisteredModel],
    runs: Sequence[Run],
    actor: Actor,
    size: RegistrySize,
) -> Iterator[models.Model]:
    for place, model in enumerate(named):
        for number in range(1, size.versions + 1):
            run = runs[(place + number) % RUNS]
            yield ModelVersion(
                model=model,
                number=number,
                source=f"runs:/{run.run_id}/model",
                files_run=run,
                run=run,
                path="model",
                size=1_000_000 + number,
                created=FIRST + number * HOUR,
                updated=FIRST + number * HOUR,
                created_by=actor.user,
            )


def _aliases_and_tags(
    named: Sequence[RegisteredModel], size: RegistrySize
) -> Iterator[models.Model]:
    latest = dict(
        ModelVersion.objects.filter(number=size.versions).values_list("model", "pk")
    )
    for place, model in enumerate(named):
        yield RegisteredModelTag(model=model, key="team", value=f"team-{place % 20}")
        for alias in ("champion", "challenger")[: place % 3]:
            yield ModelAlias(
                model=model, version_id=latest[model.pk], name=alias, moved=FIRST
            )
    for pk in latest.values():
        yield ModelVersionTag(version_id=pk, key="validated", value="yes")


def _insert(rows: Iterator[models.Model]) -> None:
    """Insert rows of several tables, in batches."""
    while batch := list(islice(rows, BATCH)):
        by_table: dict[type[models.Model], list[models.Model]] = {}
        for row in batch:
            by_table.setdefault(type(row), []).append(row)
        for table, some in by_table.items():
            table._default_manager.bulk_create(some)
