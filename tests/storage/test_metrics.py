"""The chunked metric store: what goes in comes out, in little space and few queries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from runs.models import Key, KeyKind, Metric, MetricChunk, Run
from runs.storage.metrics.chunk_writer import (
    CHUNK_POINTS,
    JSON_CHUNK_BYTES,
    TAIL_POINTS,
)
from runs.storage.metrics.chunked_store import store
from runs.storage.metrics.heads import AppendRule
from runs.storage.metrics.points import Points, Value, make_points

NAN, INF = math.nan, math.inf


@pytest.fixture
def metric(run: Run) -> Metric:
    key = Key.objects.create(workspace=run.workspace, kind=KeyKind.METRIC, name="loss")
    return Metric.objects.create(run=run, key=key)


def line(values: Sequence[Value], step: int = 0, time: int = 1000) -> Points:
    """Points at consecutive steps, one a millisecond."""
    count = range(len(values))
    return make_points([step + i for i in count], [time + i for i in count], values)


def floats(count: int, start: int = 0) -> Points:
    return line([float(start + i) for i in range(count)], start, 1000 + start)


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize(
    "values",
    [
        [0.5, -0.0, 1e308, 5e-324],
        [NAN, INF, -INF],
        [1, 2.0, 3],
        [2**53, -(2**53)],
        [2**53 + 1, 10**40, -(10**400)],
        ["text", "", "NaN", "数"],
        [True, False, None, 1, 1.0, "1"],
        [NAN, "x", INF, -INF, None],
    ],
)
def test_values_keep_their_exact_type(metric: Metric, values: list[Value]) -> None:
    store.append(metric, line(values))
    back = store.read(metric).python_values()
    assert all(map(same, back, values)), back
    assert len(back) == len(values)


def test_a_value_larger_than_a_chunk_has_a_chunk_of_its_own(metric: Metric) -> None:
    random = np.random.default_rng(1)
    values = [random.bytes(JSON_CHUNK_BYTES).hex() for _ in range(2)]
    store.append(metric, line(values))
    assert store.read(metric).python_values() == values
    assert metric.chunks.count() == 2


def test_numbers_keep_their_type_before_a_text(metric: Metric) -> None:
    values: list[Value] = [1, 2.0, "text", 3, None]
    for step, value in enumerate(values):
        store.append(metric, line([value], step, 1000 + step))
    back = store.read(metric).python_values()
    assert all(map(same, back, values)), back


def test_steps_and_times_are_64_bit_integers(metric: Metric) -> None:
    steps = [-(2**63), -1, 2**53 + 1, 2**63 - 1]
    store.append(metric, make_points(steps, [0, 1, 2, 253402300799999], [1.0] * 4))
    store.append(metric, make_points(steps, [0, 1, 2, 253402300799999], ["x"] * 4))
    points = store.read(metric)
    assert sorted(points.steps.tolist()) == sorted(steps * 2)


@pytest.mark.parametrize("batch", [1, 7, 100, 255, 256, 257, 1000])
def test_appends_of_any_size_lose_and_change_nothing(
    metric: Metric, batch: int
) -> None:
    total = 1200
    for start in range(0, total, batch):
        store.append(metric, floats(min(batch, total - start), start))
    points = store.read(metric)
    assert points.values.tolist() == [float(i) for i in range(total)]
    metric.refresh_from_db()
    assert (metric.count, metric.last, metric.min, metric.max) == (1200, 1199, 0, 1199)


def test_a_long_series_is_stored_in_few_rows(metric: Metric) -> None:
    for start in range(0, 20_000, 1000):
        store.append(metric, floats(1000, start))
    counts = [row.count for row in metric.chunks.order_by("number")]
    assert counts == [CHUNK_POINTS, CHUNK_POINTS, 20_000 - 2 * CHUNK_POINTS]


def test_single_points_are_stored_in_long_chunks_too(metric: Metric) -> None:
    for step in range(3 * TAIL_POINTS + 5):
        store.append(metric, floats(1, step))
    rows = metric.chunks.order_by("number").values_list("count", "sealed")
    assert list(rows) == [(3 * TAIL_POINTS, True), (5, False)]


def test_a_text_among_numbers_affects_only_the_last_chunk(metric: Metric) -> None:
    store.append(metric, floats(1000))
    store.append(metric, line(["broken"], 1000, 5000))
    for start in range(1001, 1601, 100):
        store.append(metric, floats(100, start))
    encodings = list(metric.chunks.order_by("number").values_list("encoding", "count"))
    assert encodings[0] == ("f8", 1000)
    assert encodings[-1][0] == "f8"
    assert store.read(metric).python_values()[1000] == "broken"


def test_long_texts_do_not_make_one_huge_chunk(metric: Metric) -> None:
    for step in range(4):
        store.append(metric, line(["x" * 65_000], step))
    assert max(len(bytes(row.data)) for row in metric.chunks.all()) < 200_000
    assert store.read(metric).python_values() == ["x" * 65_000] * 4


def test_points_keep_their_model_and_dataset(metric: Metric) -> None:
    note = {"model_id": "m-1"}
    for step in (3, 1, 2, 0):
        notes = {0: note} if step == 1 else {}
        store.append(metric, make_points([step], [step], [float(step)], notes))
    points = store.read(metric)
    assert points.notes == {1: note}


def test_points_are_read_in_step_order(metric: Metric) -> None:
    store.append(metric, make_points([5, 1, 3], [1, 2, 3], [5.0, 1.0, 3.0]))
    store.append(metric, make_points([3, 2], [1, 9], [3.5, 2.0]))
    assert store.read(metric).values.tolist() == [1.0, 2.0, 3.5, 3.0, 5.0]


@pytest.mark.parametrize(
    ("steps", "times", "order"),
    [
        ([5, 1, 3], [1, 2, 3], [1, 2, 0]),
        ([3, 3, 4], [2, 1, 1], [1, 0, 2]),
        ([3, 3, 4], [1, 1, 1], [0, 1, 2]),
    ],
)
def test_points_of_one_append_are_read_by_step_time_and_arrival(
    metric: Metric, steps: list[int], times: list[int], order: list[int]
) -> None:
    store.append(metric, make_points(steps, times, [0.0, 1.0, 2.0]))
    assert store.read(metric).values.tolist() == order


def test_a_range_of_steps_includes_both_ends(metric: Metric) -> None:
    store.append(metric, floats(10_000))
    assert store.read(metric, 9_000, 9_002).steps.tolist() == [9000, 9001, 9002]
    assert len(store.read(metric, 20_000)) == 0
    assert len(store.read(metric, None, 4)) == 5


def test_history_is_paged_in_the_order_of_time_step_and_value(metric: Metric) -> None:
    store.append(metric, make_points([9, 1, 1, 1], [1, 2, 2, 2], [0.0, 3.0, NAN, -1.0]))
    history = store.history(metric)
    assert history.steps.tolist() == [9, 1, 1, 1]
    assert [str(v) for v in history.values.tolist()] == ["0.0", "-1.0", "nan", "3.0"]
    assert store.history(metric, 1, 2).values.tolist()[0] == -1.0
    assert len(store.history(metric, 4, 2)) == 0


def test_pages_of_a_long_history_join_without_gap_or_overlap(metric: Metric) -> None:
    for start in range(0, 20_000, 5000):
        store.append(metric, floats(5000, start))
    pages = [store.history(metric, o, 3000).values for o in range(0, 21_000, 3000)]
    assert np.concatenate(pages).tolist() == [float(i) for i in range(20_000)]


def test_a_page_of_history_reads_only_its_chunks(
    metric: Metric, django_assert_num_queries: Any
) -> None:
    for start in range(0, 20_000, 5000):
        store.append(metric, floats(5000, start))
    with django_assert_num_queries(2) as queries:
        store.history(metric, 0, 100)
    assert queries[1]["sql"].count("IN (") == 1
    assert "," not in queries[1]["sql"].split("IN (")[1].split(")")[0]


def pages_of_history(metric: Metric, limit: int) -> list[tuple[int, int, Value]]:
    """All points as (time, step, value), read page by page."""
    pages = [store.history(metric, at, limit) for at in range(0, metric.count, limit)]
    return [(time, step, value) for page in pages for step, time, value in page]


def test_pages_of_a_history_are_in_order_when_chunk_times_overlap(
    metric: Metric,
) -> None:
    # Texts make chunks of 256 points.
    for begin in (0, 3, 1):
        steps = list(range(1000 * begin, 1000 * begin + TAIL_POINTS))
        times = [10 * n + begin for n in range(TAIL_POINTS)]
        store.append(metric, make_points(steps, times, ["x"] * TAIL_POINTS))
    assert metric.chunks.count() == 3
    found = pages_of_history(metric, 100)
    assert found == sorted(found)
    assert len(found) == len(set(found)) == 3 * TAIL_POINTS


def test_pages_of_a_history_are_in_order_when_chunk_times_touch(metric: Metric) -> None:
    for begin, step in ((0, 1000), (TAIL_POINTS - 1, 0)):
        steps = list(range(step, step + TAIL_POINTS))
        times = list(range(begin, begin + TAIL_POINTS))
        store.append(metric, make_points(steps, times, ["x"] * TAIL_POINTS))
    found = pages_of_history(metric, TAIL_POINTS)
    assert found == sorted(found)
    assert len(set(found)) == 2 * TAIL_POINTS


@pytest.mark.parametrize("limit", [8, 10, 100, 1000, 1001])
def test_a_sample_keeps_the_extremes_the_ends_and_the_limit(
    metric: Metric, limit: int
) -> None:
    values = np.sin(np.arange(50_000) / 500)
    values[12_345], values[33_333] = 99.0, -99.0
    steps = list(range(50_000))
    store.append(metric, make_points(steps, steps, values.tolist()))
    sample, total = store.sample(metric, limit)
    assert total == 50_000
    # Two for each segment, and the ends, which are often among them.
    assert limit - (3 if limit > 10 else 0) <= len(sample) <= limit
    assert {99.0, -99.0} <= set(sample.values.tolist())
    assert sample.steps[0] == 0
    assert sample.steps[-1] == 49_999
    assert sample.steps.tolist() == sorted(set(sample.steps.tolist()))


def test_samples_of_several_series_are_those_of_each(
    run: Run, django_assert_num_queries: Any
) -> None:
    heads = []
    for count in (0, 99, 100, 101, 9_000):
        key = Key.objects.create(
            workspace=run.workspace, kind=KeyKind.METRIC, name=f"m{count}"
        )
        heads.append(Metric.objects.create(run=run, key=key))
        store.append(heads[-1], floats(count))
    with django_assert_num_queries(1):
        found = store.sample_all(heads, 100)
    for head in heads[1:]:
        steps = found[head.pk].steps.tolist()
        assert steps == store.sample(head, 100)[0].steps.tolist()
    assert heads[0].pk not in found


def test_a_sample_shows_where_nan_begins(metric: Metric) -> None:
    values: list[Value] = [*([1.0] * 9000), *([NAN] * 1000)]
    store.append(metric, line(values))
    sample, _ = store.sample(metric, 100)
    nan_steps = sample.steps[np.isnan(sample.values)].tolist()
    assert nan_steps == [9000, 9999]


def test_a_sample_shows_the_first_and_the_last_of_many_gaps(metric: Metric) -> None:
    values: list[Value] = [NAN if n % 10 == 5 else 1.0 for n in range(10_000)]
    store.append(metric, line(values))
    sample, _ = store.sample(metric, 80)
    assert len(sample) <= 80
    nan_steps = sample.steps[np.isnan(sample.values)].tolist()
    assert (nan_steps[0], nan_steps[-1], len(nan_steps)) == (5, 9995, 10)


def test_a_sample_of_only_nan_or_text_is_not_empty(metric: Metric) -> None:
    store.append(metric, line([NAN] * 500))
    assert len(store.sample(metric, 50)[0]) > 0
    store.append(metric, line(["a"] * 500, 500, 9000))
    assert 0 < len(store.sample(metric, 50)[0]) <= 50


@pytest.mark.parametrize("limit", [1, 2, 7, 8, 50])
def test_a_sample_of_texts_includes_the_first_and_the_last(
    metric: Metric, limit: int
) -> None:
    store.append(metric, line(["a"] * 500))
    steps = store.sample(metric, limit)[0].steps.tolist()
    assert len(steps) == limit
    assert steps[0] == 0
    assert steps[-1] == (499 if limit > 1 else 0)


def test_mlflow_points_that_are_the_same_are_stored_once(metric: Metric) -> None:
    points = make_points([1, 1, 1, 1], [5, 5, 6, 5], [0.5, 0.5, 0.5, NAN])
    assert len(store.append(metric, points, AppendRule.MLFLOW)) == 3
    assert len(store.append(metric, points, AppendRule.MLFLOW)) == 0
    again = make_points([1], [5], [-0.5])
    assert len(store.append(metric, again, AppendRule.MLFLOW)) == 1
    assert metric.count == 4


def test_a_late_duplicate_is_found_in_a_sealed_chunk(metric: Metric) -> None:
    store.append(metric, floats(20_000), AppendRule.MLFLOW)
    assert len(store.append(metric, floats(1000, 3000), AppendRule.MLFLOW)) == 0
    assert len(store.append(metric, floats(2, 19_999), AppendRule.MLFLOW)) == 1


def test_late_duplicates_of_several_series_are_found(run: Run) -> None:
    heads = []
    for name in ("loss", "acc", "new"):
        key = Key.objects.create(
            workspace=run.workspace, kind=KeyKind.METRIC, name=name
        )
        heads.append(Metric.objects.create(run=run, key=key))
    for head in heads[:2]:
        store.append(head, floats(20_000))
    later = [floats(9, 100), floats(9, 12_000), floats(9)]
    kept = store.append_all(list(zip(heads, later, strict=True)), AppendRule.MLFLOW)
    assert [len(points) for points in kept] == [0, 0, 9]
    assert [head.count for head in heads] == [20_000, 20_000, 9]


def test_appending_higher_steps_reads_no_sealed_chunk(
    metric: Metric, django_assert_max_num_queries: Any
) -> None:
    store.append(metric, floats(20_000), AppendRule.MLFLOW)
    store.append(metric, floats(1, 20_000), AppendRule.MLFLOW)
    with django_assert_max_num_queries(3) as queries:
        store.append(metric, floats(1, 20_001), AppendRule.MLFLOW)
    reads = [q["sql"] for q in queries if '"data"' in q["sql"].split("FROM")[0]]
    assert len([sql for sql in reads if sql.startswith("SELECT")]) == 1


def test_batches_keep_equal_points(metric: Metric) -> None:
    points = make_points([1, 1], [5, 5], [0.5, 0.5])
    store.append(metric, points, AppendRule.BATCHES)
    assert len(store.read(metric)) == 2


def test_a_thousand_series_cost_few_queries(
    run: Run, django_assert_max_num_queries: Any
) -> None:
    keys = Key.objects.bulk_create(
        Key(workspace=run.workspace, kind=KeyKind.METRIC, name=f"m{i}")
        for i in range(1000)
    )
    heads = Metric.objects.bulk_create(Metric(run=run, key=key) for key in keys)
    series = [(head, floats(1)) for head in heads]
    with django_assert_max_num_queries(40):
        store.append_all(series, AppendRule.MLFLOW)
    assert MetricChunk.objects.count() == 1000
    assert Metric.objects.filter(count=1, last=0.0).count() == 1000


def test_distinct_steps_in_any_order_are_kept_and_sampled(metric: Metric) -> None:
    """Each batch comes from all over the series, so no chunk has a range of its own."""
    count, batch = 30_000, 1_000
    steps = np.random.default_rng(1).permutation(count)
    for start in range(0, count, batch):
        some = [int(step) for step in steps[start : start + batch]]
        points = make_points(some, [1000 + s for s in some], [float(s) for s in some])
        store.append(metric, points, AppendRule.MLFLOW)
    assert len(store.read(metric)) == count
    assert list(store.read(metric).steps) == list(range(count))
    assert metric.chunks.count() <= count // TAIL_POINTS + 1
    sampled, total = store.sample(metric, 100)
    assert len(sampled) <= 100
    assert total == count
    assert (sampled.steps[0], sampled.steps[-1]) == (0, count - 1)
    assert list(store.read(metric, 500, 510).steps) == list(range(500, 511))


def test_a_long_series_is_sampled_by_chunks_with_every_extreme_kept(
    metric: Metric,
) -> None:
    values = [math.sin(n / 50) for n in range(3 * CHUNK_POINTS)]
    values[100], values[-7], values[CHUNK_POINTS + 1] = 9.0, -9.0, NAN
    store.append(metric, line(values))
    found = store.sample_chunk_by_chunk(metric, 100)
    assert found is not None
    points, total = found
    assert (total, len(points) <= 100) == (len(values), True)
    assert {9.0, -9.0} <= set(points.values.tolist())
    assert np.isnan(points.values).any()
    assert (points.steps[0], points.steps[-1]) == (0, len(values) - 1)


@pytest.mark.parametrize("more", [floats(9), line(["x"], 10**6)])
def test_unordered_series_and_texts_are_not_sampled_by_chunks(
    metric: Metric, more: Points
) -> None:
    store.append(metric, floats(3 * CHUNK_POINTS))
    store.append(metric, more)
    assert store.sample_chunk_by_chunk(metric, 100) is None


@pytest.mark.parametrize("count", [0, 1, 1100])
def test_the_newest_points_of_any_number_of_series(run: Run, count: int) -> None:
    keys = Key.objects.bulk_create(
        Key(workspace=run.workspace, kind=KeyKind.METRIC, name=f"m{n}")
        for n in range(count)
    )
    heads = Metric.objects.bulk_create(Metric(run=run, key=key) for key in keys)
    store.append_all(
        [(head, floats(1, n)) for n, head in enumerate(heads)], AppendRule.MLFLOW
    )
    found = store.newest_points_of_all(heads, 10)
    assert [found[head.pk].values.tolist() for head in heads] == [
        [float(n)] for n in range(count)
    ]


def test_the_newest_steps_are_found_if_the_last_step_has_many_points(
    metric: Metric,
) -> None:
    """The estimate of where they begin is then too high: it takes a second query."""
    store.append(metric, floats(100))
    store.append(metric, make_points([99] * 1000, [2000] * 1000, [0.0] * 1000))
    found = store.newest_points_of_all([metric], 10)[metric.pk]
    assert set(range(90, 100)) <= set(found.steps.tolist())
    assert found.steps.tolist() == sorted(found.steps.tolist())


def test_the_newest_steps_of_a_plain_series_take_one_query(
    metric: Metric, django_assert_num_queries: Any
) -> None:
    store.append(metric, floats(10_000))
    with django_assert_num_queries(1):
        found = store.newest_points_of_all([metric], 10)[metric.pk]
    assert found.steps.tolist() == list(range(9979, 10_000))
