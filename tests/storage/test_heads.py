"""What a series' head says of its points."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runs.models import Metric
from runs.storage.metrics.heads import AppendRule, update_head
from runs.storage.metrics.points import make_points

NAN, INF = math.nan, math.inf


def head_of(
    *points: tuple[int, int, Any], rule: AppendRule = AppendRule.BATCHES
) -> Metric:
    """The head after the points arrived one by one."""
    head = Metric()
    for step, time, value in points:
        update_head(head, make_points([step], [time], [value]), rule)
    return head


def test_last_is_the_value_of_the_highest_step() -> None:
    head = head_of((2, 5, 0.2), (1, 9, 0.9))
    assert (head.last, head.last_step, head.last_time) == (0.2, 2, 5)


def test_time_decides_between_equal_steps() -> None:
    assert head_of((1, 9, 0.9), (1, 5, 0.5)).last == 0.9


def test_arrival_decides_between_equal_steps_and_times() -> None:
    assert head_of((1, 1, 0.9), (1, 1, 0.5)).last == 0.5


def test_mlflow_breaks_ties_by_the_value() -> None:
    assert head_of((1, 1, 0.9), (1, 1, 0.5), rule=AppendRule.MLFLOW).last == 0.9


def test_mlflow_compares_nan_as_zero() -> None:
    assert head_of((1, 1, NAN), (1, 1, -0.5), rule=AppendRule.MLFLOW).last_is_nan
    assert head_of((1, 1, NAN), (1, 1, 0.5), rule=AppendRule.MLFLOW).last == 0.5
    assert head_of((1, 1, 0.5), (1, 1, NAN), rule=AppendRule.MLFLOW).last == 0.5
    assert head_of((1, 1, -0.5), (1, 1, NAN), rule=AppendRule.MLFLOW).last_is_nan


def test_first_is_the_value_of_the_lowest_step() -> None:
    head = head_of((2, 5, 0.2), (1, 9, 0.9), (1, 9, 0.1))
    assert (head.first, head.first_step, head.first_time) == (0.9, 1, 9)


def test_first_can_be_nan() -> None:
    head = head_of((1, 0, 1.0), (0, 0, NAN), (2, 0, 2.0))
    assert (head.first, head.first_is_nan, head.first_step) == (None, True, 0)
    earlier = head_of((0, 0, NAN), (-1, 0, 0.5))
    assert (earlier.first, earlier.first_is_nan) == (0.5, False)


def test_min_and_max_skip_nan_and_keep_infinity() -> None:
    head = head_of((0, 0, NAN), (1, 0, 2.0), (2, 0, INF), (3, 0, NAN))
    assert (head.min, head.max, head.last, head.last_is_nan) == (2.0, INF, None, True)


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        ("fine", None, "fine"),
        (True, None, "true"),
        (None, None, "null"),
        (7, 7.0, None),
        (2**53 + 1, float(2**53), "9007199254740993"),
        (-(10**400), -INF, str(-(10**400))),
    ],
)
def test_a_value_beyond_float_precision_has_a_text(
    value: Any, number: float | None, text: str | None
) -> None:
    head = head_of((0, 0, value))
    assert (head.last, head.last_text) == (number, text)


def test_a_number_after_a_text_replaces_the_text() -> None:
    head = head_of((0, 0, "warm-up"), (1, 0, 0.5))
    assert (head.last, head.last_text, head.min) == (0.5, None, 0.5)


@pytest.mark.parametrize(
    ("step", "value", "is_changed"),
    [(1, "more", False), (1, 0.5, True), (-1, "before", True), (1, NAN, False)],
)
def test_it_reports_a_change_of_more_than_the_last_value(
    step: int, value: Any, is_changed: bool
) -> None:
    head = Metric()
    assert update_head(head, make_points([0], [0], ["warm-up"]), AppendRule.BATCHES)
    assert not update_head(head, make_points([], [], []), AppendRule.BATCHES)
    points = make_points([step], [1], [value])
    assert update_head(head, points, AppendRule.BATCHES) == is_changed
    assert head.count == 2


@pytest.mark.parametrize("rule", AppendRule)
def test_a_batch_and_single_points_give_the_same_head(rule: AppendRule) -> None:
    points = [(3, 1, 0.5), (1, 4, NAN), (3, 1, 0.7), (0, 2, -1.0), (3, 1, 0.6)]
    batch = Metric()
    steps, times, values = map(list, zip(*points, strict=True))
    update_head(batch, make_points(steps, times, values), rule)
    fields = ["last", "last_step", "first", "first_step", "min", "max", "count"]
    single = head_of(*points, rule=rule)
    assert [getattr(batch, f) for f in fields] == [getattr(single, f) for f in fields]
