"""What an odd client could send and a server must answer with a 400, never a 500:
clients repeat a request that was answered 500 for minutes."""

from __future__ import annotations

import pytest

from tests.api.protocol import Mlflow

pytestmark = pytest.mark.django_db

MODEL = '{"run_id": "r", "artifact_path": "m", "flavors": {}, "utc_time_created": "x"}'


@pytest.mark.parametrize("value", ["x", "5", "{}", "[" * 60_000])
def test_a_model_is_not_added_to_a_history_tag_that_is_not_a_list(
    mlflow: Mlflow, value: str
) -> None:
    run_id = mlflow.new_run()
    mlflow.post(
        "runs/set-tag", run_id=run_id, key="mlflow.log-model.history", value=value
    )
    refused = mlflow.refused("runs/log-model", run_id=run_id, model_json=MODEL)
    assert refused.status == 400
    assert "mlflow.log-model.history" in refused.message


@pytest.mark.parametrize("digits", ["9" * 10, "9223372036854775808", "9" * 5000])
def test_a_huge_experiment_id_is_not_found(mlflow: Mlflow, digits: str) -> None:
    found = mlflow.post("runs/search", experiment_ids=[digits])
    assert found == {}
    refused = mlflow.refused_get("experiments/get", experiment_id=digits)
    assert refused.code == "RESOURCE_DOES_NOT_EXIST"


def test_leading_zeros_of_an_experiment_id_are_ignored(mlflow: Mlflow) -> None:
    made = mlflow.new_experiment("fifth")
    found = mlflow.get("experiments/get", experiment_id=f"{'0' * 30}{made}")
    assert found["experiment"]["name"] == "fifth"


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_filter_can_compare_with_a_huge_time(mlflow: Mlflow, sign: str) -> None:
    run_id = mlflow.new_run(start_time=1000)
    later = mlflow.search(f"attributes.start_time > {sign}{'9' * 30}")
    assert later == ([run_id] if sign else [])


def test_an_invalid_storage_address_is_refused(mlflow: Mlflow) -> None:
    refused = mlflow.refused(
        "experiments/create", name="odd", artifact_location="http://[x"
    )
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
