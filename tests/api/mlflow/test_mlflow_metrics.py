"""Metrics: what is stored, what is the latest value, and what a history holds."""

import pytest

from runs.models import Metric
from tests.api.protocol import Mlflow


@pytest.fixture
def run_id(mlflow: Mlflow) -> str:
    return mlflow.new_run()


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (0.5, 0.5),
        (1, 1),
        ("0.25", 0.25),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1e400", "Infinity"),
        (1.7976931348623157e308, 1.7976931348623157e308),
    ],
)
def test_a_value_reads_back(
    mlflow: Mlflow, run_id: str, sent: object, read: object
) -> None:
    mlflow.log(run_id, "m", sent)
    assert mlflow.latest(run_id) == {"m": read}
    assert mlflow.history(run_id, "m") == [[1000, 0, read]]


def test_the_latest_value_is_of_the_highest_step(mlflow: Mlflow, run_id: str) -> None:
    mlflow.log(run_id, "m", "NaN", step=3)
    mlflow.log(run_id, "m", 7, step=0)
    mlflow.log(run_id, "m", 8, step=-2)
    assert mlflow.latest(run_id) == {"m": "NaN"}


def test_an_identical_point_is_stored_once(mlflow: Mlflow, run_id: str) -> None:
    for _ in range(3):
        mlflow.log(run_id, "m", 1.5, step=2)
    mlflow.log(run_id, "m", 2.5, step=2)
    assert mlflow.history(run_id, "m") == [[1002, 2, 1.5], [1002, 2, 2.5]]


def test_history_is_sorted_by_time_step_and_value(mlflow: Mlflow, run_id: str) -> None:
    points = [(5, 1, 1.0), (5, 0, 3.0), (4, 9, 2.0), (5, 0, 2.0)]
    metrics = [
        {"key": "m", "timestamp": time, "step": step, "value": value}
        for time, step, value in points
    ]
    mlflow.post("runs/log-batch", run_id=run_id, metrics=metrics)
    assert mlflow.history(run_id, "m") == [
        [4, 9, 2.0],
        [5, 0, 2.0],
        [5, 0, 3.0],
        [5, 1, 1.0],
    ]


def test_history_is_paged(mlflow: Mlflow, run_id: str) -> None:
    metrics = [
        {"key": "m", "timestamp": n, "step": n, "value": n / 4} for n in range(600)
    ]
    mlflow.post("runs/log-batch", run_id=run_id, metrics=metrics)
    seen, token = [], ""
    for _ in range(3):
        page = mlflow.get(
            "metrics/get-history",
            run_id=run_id,
            metric_key="m",
            max_results=250,
            page_token=token,
        )
        seen += [point["step"] for point in page["metrics"]]
        token = page.get("next_page_token", "")
    assert (seen, token) == (list(range(600)), "")
    assert len(mlflow.history(run_id, "m")) == 600


@pytest.mark.parametrize("asked", [{"metric_key": "none"}, {"run_id": "none"}])
def test_a_missing_run_or_metric_has_no_history(
    mlflow: Mlflow, run_id: str, asked: dict[str, str]
) -> None:
    query = {"run_id": run_id, "metric_key": "m", **asked}
    assert mlflow.get("metrics/get-history", **query) == {}


@pytest.mark.parametrize(
    "asked", [{"max_results": 0}, {"max_results": "x"}, {"page_token": "x"}]
)
def test_a_bad_page_is_refused(
    mlflow: Mlflow, run_id: str, asked: dict[str, object]
) -> None:
    query = {"run_id": run_id, "metric_key": "m", **asked}
    refused = mlflow.refused_get("metrics/get-history", **query)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "x"}, "value"),
        ({"value": None}, "value"),
        ({"value": []}, "value"),
        ({"value": True}, "value"),
        ({"value": "1_0"}, "value"),
        ({"step": 2**63}, "step"),
        ({"step": 1.5}, "step"),
        ({"step": "one"}, "step"),
        ({"timestamp": -1}, "timestamp"),
        ({"timestamp": None}, "timestamp"),
        ({"timestamp": "9" * 50}, "timestamp"),
        ({"key": ""}, "key"),
        ({"key": "a$b"}, "key"),
        ({"key": "a\u0000b"}, "key"),
        ({"key": "../b"}, "key"),
        ({"key": "a//b"}, "key"),
        ({"key": "x" * 256}, "key"),
        ({"key": 5}, "key"),
        ({"model_id": "m-none"}, "logged model"),
        ({"dataset_digest": "x" * 37}, "dataset_digest"),
    ],
)
def test_an_invalid_metric_is_refused_and_nothing_is_stored(
    mlflow: Mlflow, run_id: str, change: dict[str, object], field: str
) -> None:
    good: dict[str, object] = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
    single = mlflow.refused("runs/log-metric", run_id=run_id, **{**good, **change})
    many = mlflow.refused(
        "runs/log-batch", run_id=run_id, metrics=[good, {**good, **change}]
    )
    for refused in (single, many):
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
        assert field in refused.message
    if field != "logged model":
        assert f"metrics[1].{field}" in many.message
    assert Metric.objects.count() == 0


def test_a_bare_nan_is_invalid_json(mlflow: Mlflow, run_id: str) -> None:
    raw = b'{"run_id":"%s","key":"m","value":NaN,"timestamp":1}' % run_id.encode()
    refused = mlflow.refused_raw("runs/log-metric", raw)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert '"NaN"' in refused.message


def test_steps_beyond_the_exact_floats_are_kept(mlflow: Mlflow, run_id: str) -> None:
    for step in (2**53 + 1, -(2**63), 2**63 - 1):
        mlflow.post(
            "runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1, step=step
        )
    steps = [step for _, step, _ in mlflow.history(run_id, "m")]
    assert steps == [-(2**63), 2**53 + 1, 2**63 - 1]


def test_numbers_can_be_sent_as_strings(mlflow: Mlflow, run_id: str) -> None:
    body = {"key": "m", "value": "0.5", "timestamp": "1.7e+12", "step": "3"}
    mlflow.post("runs/log-metric", run_uuid=run_id, **body)
    assert mlflow.history(run_id, "m") == [[1_700_000_000_000, 3, 0.5]]
