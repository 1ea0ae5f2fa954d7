"""What the pages of the model registry cost with many models and versions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from urllib.parse import quote, urlencode

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
    User,
    Workspace,
)
from runs.search.registry import find_models
from tests.bench.data.invented import FIRST
from tests.bench.data.seed import prepare
from tests.bench.lists import Visitor, watched
from tests.bench.report import Report, measured

BATCH = 5_000
#: Runs that the versions point to: reading one costs the same, however many there are.
RUNS = 200
HOUR = 3_600_000
MODELS = "/w/default/models/"
LIMIT = "50 ms"


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


def measure(home: Path, report: Report, *, repeats: int, explain: bool) -> None:
    """Time the view of each page, and count its queries."""
    visitor = Visitor(home)
    for name, address in addresses().items():
        took = measured(partial(visitor.open, address), repeats)
        with watched() as asked:
            status = visitor.open(address)
        report.add(
            name,
            LIMIT,
            view_ms=round(took.wall, 1),
            processor_ms=round(took.cpu, 1),
            queries=len(asked.queries),
            slowest_query_ms=round(asked.slowest[0], 1),
            **({} if status == 200 else {"status": status}),
        )
        if explain and took.wall > 50:
            report.notes.append(f"{name}: {asked.slowest[1]}")


def _cursor_of_page(number: int) -> str:
    """The query of a page far from the first, where there are as many."""
    workspace = Workspace.objects.get(name="default")
    viewer = User.objects.order_by("pk")[0]
    after = ""
    for _ in range(number - 1):
        after = find_models(viewer, workspace, after=after).after or after
    return urlencode({"after": after})


def addresses() -> dict[str, str]:
    model = RegisteredModel.objects.order_by("pk")[100]
    one = f"{MODELS}{quote(model.name, safe='')}/"
    filters = {
        "a word": "speech",
        "a Chinese word": "检测",
        "a word that no model has": "nosuch",
        "by alias": "alias:champion",
        "by tag": "tags.team = team-3",
        "by part of the name": 'name ilike "%rank%"',
        "by number of versions": "versions:<99",
        "by time": "updated:2026-03..2026-05",
        "starred": "is:starred",
        "without an alias": "alias is null",
        "two terms and a word": "-tags.team:team-1 registered_by:me classifier",
    }
    sorts = ("name", "-versions", "latest", "created", "registered_by", "-starred")
    return {
        "models": MODELS,
        "models, page 100": f"{MODELS}?{_cursor_of_page(100)}",
        **{f"models sorted by {sort}": f"{MODELS}?sort={sort}" for sort in sorts},
        **{
            f"models, {name}": f"{MODELS}?q={quote(text)}"
            for name, text in filters.items()
        },
        "one model": one,
        "one version": f"{one}50/",
    }
