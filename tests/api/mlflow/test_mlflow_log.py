"""What scripts log: parameters, tags, batches; and how nonsense is refused."""

import json
from typing import Any

import pytest

from runs.models import RunParam
from tests.api.protocol import Mlflow, as_dict


@pytest.fixture
def run_id(mlflow: Mlflow) -> str:
    return mlflow.new_run()


def batch(**parts: object) -> dict[str, object]:
    """`metrics={"loss": 1}` and so on as the lists that the protocol has."""
    metrics = dict(parts.get("metrics", {}))  # type: ignore[call-overload]
    lists: dict[str, object] = {
        "metrics": [
            {"key": key, "value": value, "timestamp": 1, "step": 0}
            for key, value in metrics.items()
        ]
    }
    for kind in ("params", "tags"):
        texts = dict(parts.get(kind, {}))  # type: ignore[call-overload]
        lists[kind] = [{"key": key, "value": value} for key, value in texts.items()]
    return lists


def test_a_parameter_is_written_once(mlflow: Mlflow, run_id: str) -> None:
    lr = {"run_id": run_id, "key": "lr"}
    for _ in range(2):
        assert mlflow.post("runs/log-parameter", **lr, value="0.1") == {}
    refused = mlflow.refused("runs/log-parameter", **lr, value="0.9")
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert refused.message == (
        "Changing param values is not allowed. Param with key='lr' was already logged "
        f"with value='0.1' for run ID='{run_id}'. Attempted logging new value '0.9'."
    )
    many = mlflow.refused(
        "runs/log-batch", run_id=run_id, **batch(params={"a": "1", "lr": "0.9"})
    )
    assert many.message == (
        "Changing param values is not allowed. Params were already logged='"
        "[{'key': 'lr', 'old_value': '0.1', 'new_value': '0.9'}]' "
        f"for run ID='{run_id}'."
    )
    assert as_dict(mlflow.run(run_id)["data"]["params"]) == {"lr": "0.1"}


def test_a_long_value_is_kept_whole_and_a_longer_one_refused(
    mlflow: Mlflow, run_id: str
) -> None:
    text = "é" * 32_768
    mlflow.post("runs/log-parameter", run_id=run_id, key="long", value=text)
    mlflow.post("runs/set-tag", run_id=run_id, key="long", value=text)
    data = mlflow.run(run_id)["data"]
    assert as_dict(data["params"])["long"] == as_dict(data["tags"])["long"] == text
    for path in ("runs/log-parameter", "runs/set-tag"):
        refused = mlflow.refused(path, run_id=run_id, key="longer", value=text + "x")
        assert (refused.status, "65536" in refused.message) == (400, True)


@pytest.mark.parametrize("value", [5, True, [], {}, "a\u0000b"])
@pytest.mark.parametrize("path", ["runs/log-parameter", "runs/set-tag"])
def test_parameter_values_are_stored_as_text(
    mlflow: Mlflow, run_id: str, path: str, value: object
) -> None:
    refused = mlflow.refused(path, run_id=run_id, key="k", value=value)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "value" in refused.message


def test_empty_texts_are_kept(mlflow: Mlflow, run_id: str) -> None:
    mlflow.post("runs/log-parameter", run_id=run_id, key="p", value="")
    mlflow.post("runs/set-tag", run_id=run_id, key="t", value="")
    mlflow.post("runs/set-tag", run_id=run_id, key="u")
    mlflow.post("runs/log-batch", run_id=run_id, params=[{"key": "q"}])
    data = mlflow.run(run_id)["data"]
    assert as_dict(data["params"]) == {"p": "", "q": ""}
    tags = as_dict(data["tags"])
    assert tags["t"] == tags["u"] == ""


def test_a_batch_is_all_or_nothing(mlflow: Mlflow, run_id: str) -> None:
    mlflow.post("runs/log-parameter", run_id=run_id, key="lr", value="0.1")
    parts = batch(metrics={"m": 1}, params={"lr": "2"}, tags={"t": "1"})
    assert mlflow.refused("runs/log-batch", run_id=run_id, **parts).status == 400
    assert mlflow.latest(run_id) == {}
    assert "t" not in mlflow.tags(run_id)


def test_an_empty_batch_is_fine(mlflow: Mlflow, run_id: str) -> None:
    assert mlflow.post("runs/log-batch", run_id=run_id) == {}
    assert mlflow.post("runs/log-batch", run_id=run_id, metrics=None, tags=[]) == {}


def test_tags_of_a_batch_have_the_same_effect_as_single_tags(
    mlflow: Mlflow, run_id: str
) -> None:
    tags = {"mlflow.runName": "n", "mlflow.note.content": "d", "k": "v"}
    mlflow.post("runs/log-batch", run_id=run_id, **batch(tags=tags))
    assert mlflow.run(run_id)["info"]["run_name"] == "n"
    assert {**mlflow.tags(run_id), **tags} == mlflow.tags(run_id)


@pytest.mark.parametrize(
    ("what", "count", "limit"),
    [("metrics", 1001, 1000), ("params", 101, 100), ("tags", 101, 100)],
)
def test_a_batch_has_limits(
    mlflow: Mlflow, run_id: str, what: str, count: int, limit: int
) -> None:
    values = {f"k{n}": 1 if what == "metrics" else "1" for n in range(count)}
    refused = mlflow.refused("runs/log-batch", run_id=run_id, **batch(**{what: values}))
    assert refused.message == (
        f"A batch logging request can contain at most {limit} {what}. Got {count} "
        f"{what}. Please split up {what} across multiple requests and try again."
    )


def test_a_parameter_can_occur_once_in_a_batch(mlflow: Mlflow, run_id: str) -> None:
    twice = [{"key": "pp", "value": "1"}] * 2
    refused = mlflow.refused("runs/log-batch", run_id=run_id, params=twice)
    assert refused.message.startswith(
        "Duplicate parameter keys have been submitted: ['pp']."
    )
    assert RunParam.objects.count() == 0


def test_deleting_a_missing_tag_is_an_error(mlflow: Mlflow, run_id: str) -> None:
    mlflow.post("runs/set-tag", run_id=run_id, key="k", value="v")
    assert mlflow.post("runs/delete-tag", run_id=run_id, key="k") == {}
    refused = mlflow.refused("runs/delete-tag", run_id=run_id, key="k")
    assert (refused.status, refused.message) == (
        404,
        f"No tag with name: k in run with id {run_id}",
    )


@pytest.mark.parametrize("key", ["é ü", "a/b:c-d_e.f", "mlflow.user", "中文"])
def test_keys_of_any_script_are_legal(mlflow: Mlflow, run_id: str, key: str) -> None:
    parts = batch(metrics={key: 1}, params={key: "1"}, tags={key: "1"})
    mlflow.post("runs/log-batch", run_id=run_id, **parts)
    data = mlflow.run(run_id)["data"]
    assert mlflow.latest(run_id) == {key: 1}
    assert as_dict(data["params"]) == {key: "1"}


def test_models_of_old_clients_are_recorded_in_a_tag(
    mlflow: Mlflow, run_id: str
) -> None:
    model = '{"artifact_path":"%s","flavors":{},"run_id":"r","utc_time_created":"now"}'
    for path in ("a", "b", "a"):
        mlflow.post("runs/log-model", run_id=run_id, model_json=model % path)
    history_tag = mlflow.tags(run_id)["mlflow.log-model.history"]
    assert [part["artifact_path"] for part in json.loads(history_tag)] == [
        "b",
        "a",
    ]
    for bad in ("{", "[]", "{}", '"x"', ""):
        refused = mlflow.refused("runs/log-model", run_id=run_id, model_json=bad)
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_logging_to_a_finished_run_is_fine(mlflow: Mlflow, run_id: str) -> None:
    mlflow.post("runs/update", run_id=run_id, status="FINISHED")
    mlflow.log(run_id, "m", 1)
    assert mlflow.latest(run_id) == {"m": 1}


def test_logging_costs_few_queries(
    mlflow: Mlflow, run_id: str, django_assert_max_num_queries: Any
) -> None:
    mlflow.log(run_id, "loss", 1.0, 0)
    # Who calls, membership, the run, its turn, the series, its tail; then both written,
    # between a begin and a commit.
    with django_assert_max_num_queries(12):
        mlflow.log(run_id, "loss", 0.5, 1)


def test_a_batch_costs_the_same_with_any_number_of_points(
    mlflow: Mlflow, run_id: str, django_assert_max_num_queries: Any
) -> None:
    points = [
        {"key": f"m{n % 10}", "value": n / 2, "timestamp": 1000 + n, "step": n}
        for n in range(1000)
    ]
    mlflow.post("runs/log-batch", run_id=run_id, metrics=points[:10])
    with django_assert_max_num_queries(14):
        mlflow.post("runs/log-batch", run_id=run_id, metrics=points[10:])
