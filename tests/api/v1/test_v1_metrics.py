"""Metrics over REST: exact, once, sampled."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from runs.models import Metric
from tests.api.rest import Rest

BIG = 2**53 + 1


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run("r1")


def values(rest: Rest, key: str = "m") -> list[Any]:
    return list(rest.get(f"runs/r1/metrics/{key}")["values"])


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        1.0,
        1,
        -0.0,
        1e308,
        5e-324,
        "NaN",
        "Infinity",
        "-Infinity",
        BIG,
        "text",
        "",
        True,
        False,
        None,
        10**40,
    ],
)
def test_a_value_is_returned_as_it_was_sent(rest: Rest, value: Any) -> None:
    rest.points("r1", {"key": "m", "value": value, "step": 0})
    [back] = values(rest)
    assert (type(back), back) == (type(value), value)


def test_steps_beyond_2_to_the_53_are_exact(rest: Rest) -> None:
    steps = [-(2**63), BIG, 2**63 - 1]
    rest.points("r1", *[{"key": "m", "value": 1.0, "step": step} for step in steps])
    assert rest.get("runs/r1/metrics/m")["steps"] == steps
    assert rest.get("runs/r1/metrics/m", start=BIG, stop=BIG)["steps"] == [BIG]


def test_a_repeated_batch_is_applied_once(rest: Rest) -> None:
    point = {"key": "m", "value": 0.5}
    assert rest.points("r1", point, point) == {"applied": 2}
    assert rest.points("r1", point, point) == {"applied": 0}
    assert rest.points("r1", point, sequence=1) == {"applied": 1}
    assert rest.get("runs/r1/metrics/m")["steps"] == [0, 1, 2]


def test_a_metric_has_last_min_and_max(rest: Rest) -> None:
    sent = [(2, 0.5), (0, "NaN"), (1, "-Infinity"), (1, 3.0)]
    points = [{"key": "m", "value": v, "step": s, "time": s} for s, v in sent]
    rest.points("r1", *points)
    [head] = rest.get("runs/r1/metrics")["metrics"]
    assert head == {
        "key": "m",
        "kind": "series",
        "count": 4,
        "last": 0.5,
        "last_step": 2,
        "last_time": 2,
        "min": "-Infinity",
        "max": 3.0,
        "first": "NaN",
    }


def test_a_nonnumeric_last_value_is_returned_as_text(rest: Rest) -> None:
    rest.points("r1", {"key": "m", "value": "warm-up"})
    assert rest.get("runs/r1/metrics")["metrics"][0]["last"] == "warm-up"


def test_sampling_a_long_series_keeps_its_extremes(rest: Rest) -> None:
    points = [{"key": "m", "value": float(i % 10), "step": i} for i in range(10_000)]
    points[4321]["value"] = 99.0
    rest.points("r1", *points)
    series = rest.get("runs/r1/metrics/m", limit=100)
    assert series["total"] == 10_000
    assert series["shown"] == len(series["values"]) <= 100
    assert 99.0 in series["values"]
    part = rest.get("runs/r1/metrics/m", start=4320, stop=4322)
    assert (part["values"], part["total"]) == ([0.0, 99.0, 2.0], 3)


@pytest.mark.parametrize(
    "key", ["system/cpu usage", "a b", "数", "a[0]", "50%", "a?b#c", "a//b", "x/"]
)
def test_metrics_with_any_key_can_be_read(rest: Rest, key: str) -> None:
    rest.points("r1", {"key": key, "value": 1.0})
    answer = rest.client.get(rest.url(f"runs/r1/metrics/{quote(key)}"))
    assert json.loads(answer.content)["key"] == key


def test_an_unknown_key_is_not_found(rest: Rest) -> None:
    status, error = rest.refused("GET", "runs/r1/metrics/nosuch")
    assert (status, error["code"], error["key"]) == (404, "NotFound", "nosuch")


def test_a_batch_of_too_many_points_is_refused_whole(rest: Rest) -> None:
    points = [{"key": "m", "value": 1.0}] * 10_001
    body = {"writer": "w", "sequence": 0, "points": points}
    status, error = rest.refused("POST", "runs/r1/metrics", body)
    assert (status, error["code"], error["limit"]) == (400, "InvalidValue", 10_000)
    assert not Metric.objects.exists()
