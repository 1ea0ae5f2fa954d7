"""Runs that get very much: what one more costs, and whether all of it is read back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run import run_edits
from runs.actions.run_rows.search_text import (
    MAX_SEARCHED_TAGS,
    write_missing_search_texts,
)
from runs.models import Key, KeyKind, Metric, MetricChunk, Run, RunTag, SearchText
from runs.search.sql.words import search_text_scan
from runs.storage.metrics import store

pytestmark = pytest.mark.django_db

#: Points of the series; they fill several chunks, which all overlap.
POINTS, BATCH = 60_000, 1_000
MANY = 10_000


@contextmanager
def asked() -> Iterator[list[int]]:
    """The bytes of each statement with its values, as they are sent."""
    sizes: list[int] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sizes.append(len(sql) + len(repr(params)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sizes


def cost(act: Callable[[], object]) -> tuple[int, int]:
    """Statements and bytes."""
    with asked() as sizes:
        act()
    return len(sizes), sum(sizes)


def give_tags(run: Run, first: int, last: int) -> None:
    names = [f"key-{n:05}" for n in range(first, last)]
    keys = [Key(workspace=run.workspace, kind=KeyKind.TAG, name=name) for name in names]
    Key.objects.bulk_create(keys)
    RunTag.objects.bulk_create(RunTag(run=run, key=key, value="v") for key in keys)


def test_a_tag_costs_the_same_however_many_there_are(
    run: Run, actor: Actor, now: int
) -> None:
    def tag(name: str) -> tuple[int, int]:
        return cost(
            lambda: run_edits.set_run_tags(run, {name: "v"}, actor=actor, now=now)
        )

    tag("compiles")
    give_tags(run, 0, MAX_SEARCHED_TAGS)
    few = tag("added to few")
    give_tags(run, MAX_SEARCHED_TAGS, MANY)
    many = tag("added to many")
    assert many[0] <= few[0]
    assert many[1] <= few[1] + 200
    assert run.tags.count() == MANY + 3


def test_free_words_find_the_first_tags_of_very_many(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.set_run_tags(run, {"early": "viridian"}, actor=actor, now=now)
    give_tags(run, 0, MAX_SEARCHED_TAGS)
    run_edits.set_run_tags(run, {"late": "vermilion"}, actor=actor, now=now)

    def found(word: str) -> bool:
        return bool(
            search_text_scan([word]).rows.filter(run=run.pk).values_list("run_id")
        )

    assert found("viridian")
    assert not found("vermilion")
    run_edits.set_run_tags(run, {"early": "ochre"}, actor=actor, now=now)
    assert found("ochre")
    assert not found("viridian")
    # A rebuild gives the same result.
    kept = SearchText.objects.get(run=run).text
    SearchText.objects.filter(run=run).delete()
    write_missing_search_texts()
    assert SearchText.objects.get(run=run).text == kept


def test_long_tags_are_searched_up_to_a_limit(run: Run, actor: Actor, now: int) -> None:
    tags = {f"long-{n}": f"{n} " + "x" * 60_000 for n in range(5)}
    run_edits.set_run_tags(run, tags, actor=actor, now=now)
    text = SearchText.objects.get(run=run).text
    assert "long-2" in text
    assert "long-4" not in text


@pytest.fixture
def wild(run: Run, actor: Actor, now: int) -> Metric:
    """A series of distinct steps in no order, as `log_batch` of MLflow sends it."""
    steps = list(range(POINTS))
    random.Random(7).shuffle(steps)
    arriving = iter(steps)
    while batch := list(islice(arriving, BATCH)):
        points = [Point("wild", step / 7, 1000 + step, step) for step in batch]
        log_metrics(run, points, actor=actor, now=now)
    return Metric.objects.get(run=run, key__name="wild")


def test_unordered_steps_are_read_back_in_order(
    run: Run, wild: Metric, actor: Actor, now: int
) -> None:
    expected = [(step, 1000 + step, step / 7) for step in range(POINTS)]
    assert list(store.read(wild)) == expected
    pages = [store.history(wild, at, 25_000) for at in range(0, POINTS, 25_000)]
    assert [point for page in pages for point in page] == expected
    sampled, count = store.sample(wild, 500)
    assert count == wild.count == POINTS
    assert (wild.last_step, wild.min, wild.max) == (POINTS - 1, 0, (POINTS - 1) / 7)
    assert {0, POINTS - 1} <= set(sampled.steps.tolist())
    assert len(sampled) <= 500
    # What comes again is no news, wherever it lies.
    again = [Point("wild", s / 7, 1000 + s, s) for s in range(0, POINTS, 97)]
    assert log_metrics(run, again, actor=actor, now=now) == 0
    assert Metric.objects.get(pk=wild.pk).count == POINTS


def test_unordered_steps_cost_no_more_statements(
    run: Run, wild: Metric, actor: Actor, now: int
) -> None:
    def more(first: int) -> tuple[int, int]:
        points = [Point("wild", 0.5, 1000 + n, n) for n in range(first, 50_000, 50)]
        return cost(lambda: log_metrics(run, points, actor=actor, now=now))

    assert more(1)[0] <= 12
    assert MetricChunk.objects.filter(metric=wild).count() <= POINTS / 4096


def test_distant_new_steps_are_distinguished_from_known_ones(
    run: Run, actor: Actor, now: int
) -> None:
    far = [-(2**63), 2**63 - 1, 0, 2**40]
    points = [Point("far", 0.5, 1000, step) for step in far]
    assert log_metrics(run, points, actor=actor, now=now) == 4
    assert (
        log_metrics(run, [*points, Point("far", 0.5, 1000, 7)], actor=actor, now=now)
        == 1
    )


def test_ten_thousand_metrics_cost_no_more_statements(
    run: Run, actor: Actor, now: int
) -> None:
    def batch(at: int) -> tuple[int, int]:
        points = [Point(f"m{n:05}", 0.5, 1000, 1) for n in range(at, at + BATCH)]
        return cost(lambda: log_metrics(run, points, actor=actor, now=now))

    batch(0)
    few = batch(BATCH)
    names = [f"m{n:05}" for n in range(2 * BATCH, MANY)]
    keys = [
        Key(workspace=run.workspace, kind=KeyKind.METRIC, name=name) for name in names
    ]
    Key.objects.bulk_create(keys)
    Metric.objects.bulk_create(Metric(run=run, key=key, count=1) for key in keys)
    many = batch(MANY)
    assert many[0] <= few[0]
    assert many[1] < 1.1 * few[1]
    assert run.metrics.count() == MANY + BATCH
