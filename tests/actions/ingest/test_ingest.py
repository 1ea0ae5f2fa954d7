"""Logging: batches once, steps counted, parameters fixed, all or nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import (
    Point,
    log_batch,
    log_metrics,
    log_params,
)
from runs.actions.run.runs import trash_run
from runs.models import Change, IngestBatch, Key, Metric, Run, RunParam, RunTag
from runs.storage.metrics import Value, store
from studio.core.errors import Immutable, InvalidName, InvalidValue


def series(run: Run, key: str = "loss") -> list[tuple[int, int, Any]]:
    return list(store.read(Metric.objects.get(run=run, key__name=key)))


def line(count: int, start: int = 0, key: str = "loss") -> list[Point]:
    steps = range(start, start + count)
    return [Point(key, float(step), 1000 + step, step) for step in steps]


def test_a_batch_is_applied_once_however_late(run: Run, actor: Actor, now: int) -> None:
    def send(sequence: int) -> int:
        points = line(10, sequence * 10)
        batch = ("writer-1", sequence)
        return log_metrics(run, points, actor=actor, now=now, batch=batch)

    assert [send(0), send(1), send(0), send(2), send(1)] == [10, 10, 0, 10, 0]
    assert [step for step, _, _ in series(run)] == list(range(30))


def test_two_writers_may_use_the_same_numbers(run: Run, actor: Actor, now: int) -> None:
    for writer in ("a", "b"):
        log_metrics(run, line(1), actor=actor, now=now, batch=(writer, 0))
    assert len(series(run)) == 2


def test_a_refused_batch_can_be_sent_again(run: Run, actor: Actor, now: int) -> None:
    bad = [*line(3), Point("loss", 1.0, -1, 3)]
    with pytest.raises(InvalidValue) as caught:
        log_metrics(run, bad, actor=actor, now=now, batch=("w", 0))
    assert caught.value.details["field"] == "points[3].time"
    assert not IngestBatch.objects.exists()
    assert log_metrics(run, line(3), actor=actor, now=now, batch=("w", 0)) == 3


def test_without_a_batch_number_the_same_point_is_stored_once(
    run: Run, actor: Actor, now: int
) -> None:
    for _ in range(3):
        log_metrics(run, line(5), actor=actor, now=now)
    assert len(series(run)) == 5


def test_points_without_a_step_are_counted_per_name(
    run: Run, actor: Actor, now: int
) -> None:
    for sequence in range(2):
        points = [Point("a", 1.0, now), Point("b", 1.0, now), Point("a", 1.0, now)]
        log_metrics(run, points, actor=actor, now=now, batch=("w", sequence))
    assert [step for step, _, _ in series(run, "a")] == [0, 1, 2, 3]
    assert [step for step, _, _ in series(run, "b")] == [0, 1]


def test_every_value_keeps_its_type(run: Run, actor: Actor, now: int) -> None:
    values: list[Value] = [1, 1.0, "1", True, None, 2**70, math.inf]
    points = [Point("x", value, now) for value in values]
    log_metrics(run, points, actor=actor, now=now, batch=("w", 0))
    back = [value for _, _, value in series(run, "x")]
    assert [(type(v), v) for v in back] == [(type(v), v) for v in values]


@pytest.mark.parametrize(
    ("point", "field"),
    [
        (Point("", 1.0, 1), "points[0].key"),
        (Point("k" * 256, 1.0, 1), "points[0].key"),
        (Point("a\x00b", 1.0, 1), "points[0].key"),
        (Point("a\nb", 1.0, 1), "points[0].key"),
        (Point("a", 1.0, 1, 2**63), "points[0].step"),
        (Point("a", 1.0, 2**63), "points[0].time"),
        (Point("a", "x" * 65_537, 1), "points[0].value"),
        (Point("a", "\x00", 1), "points[0].value"),
        (Point("a", "\ud800", 1), "points[0].value"),
    ],
)
def test_a_bad_point_is_named_and_nothing_is_stored(
    run: Run, actor: Actor, now: int, point: Point, field: str
) -> None:
    with pytest.raises((InvalidValue, InvalidName)) as caught:
        log_metrics(run, [point, *line(2)], actor=actor, now=now)
    assert caught.value.details["field"] == field
    assert not Metric.objects.exists()
    assert not Key.objects.exists()


def test_a_batch_has_a_limit(run: Run, actor: Actor, now: int) -> None:
    with pytest.raises(InvalidValue):
        log_metrics(run, line(10_001), actor=actor, now=now)
    assert log_metrics(run, line(10_000), actor=actor, now=now) == 10_000


def test_a_parameter_is_written_once(run: Run, actor: Actor, now: int) -> None:
    log_params(run, {"lr": "0.1"}, actor=actor, now=now)
    log_params(run, {"lr": "0.1", "epochs": "3"}, actor=actor, now=now)
    with pytest.raises(Immutable) as caught:
        log_params(run, {"depth": "2", "lr": "0.2"}, actor=actor, now=now)
    assert caught.value.details["field"] == "params.lr"
    rows = RunParam.objects.filter(run=run).values_list("key__name", "value", "number")
    assert sorted(rows) == [("epochs", "3", 3.0), ("lr", "0.1", 0.1)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-3", 0.001),
        ("-.5", -0.5),
        (" 7 ", 7.0),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("1_000", None),
        ("0x10", None),
        ("٣", None),
        ("", None),
    ],
)
def test_a_parameter_text_that_reads_as_a_number_is_also_a_number(
    run: Run, actor: Actor, now: int, text: str, number: float | None
) -> None:
    log_params(run, {"p": text}, actor=actor, now=now)
    row = RunParam.objects.get(run=run)
    assert (row.value, row.number) == (text, number)


def test_a_mixed_batch_is_all_or_nothing(run: Run, actor: Actor, now: int) -> None:
    log_params(run, {"lr": "0.1"}, actor=actor, now=now)
    with pytest.raises(Immutable):
        log_batch(run, line(5), {"lr": "0.2"}, {"stage": "x"}, actor=actor, now=now)
    assert not Metric.objects.exists()
    assert not RunTag.objects.exists()
    log_batch(run, line(5), {"lr": "0.1"}, {"stage": "x"}, actor=actor, now=now)
    assert len(series(run)) == 5
    assert Change.objects.get(run=run).field == "tags.stage"


def test_data_for_a_trashed_run_is_kept(run: Run, actor: Actor, now: int) -> None:
    trash_run(run, actor=actor, now=now)
    assert log_metrics(run, line(2), actor=actor, now=now) == 2


def test_logging_counts_as_a_heartbeat_and_changes_the_revision(
    run: Run, actor: Actor, now: int
) -> None:
    log_metrics(run, line(1), actor=actor, now=now + 7)
    run.refresh_from_db()
    assert (run.heard, run.updated, run.revision) == (now + 7, now + 7, 1)


def test_a_point_keeps_its_model_and_dataset(run: Run, actor: Actor, now: int) -> None:
    point = Point("acc", 0.9, now, 0, model_id="m-1", dataset_name="train")
    log_metrics(run, [point], actor=actor, now=now)
    points = store.read(Metric.objects.get(run=run))
    assert points.notes == {0: {"model_id": "m-1", "dataset_name": "train"}}


def test_one_point_costs_few_queries(
    run: Run, actor: Actor, now: int, django_assert_max_num_queries: Any
) -> None:
    log_metrics(run, line(1), actor=actor, now=now)
    with django_assert_max_num_queries(7):
        log_metrics(run, line(1, 1), actor=actor, now=now)
