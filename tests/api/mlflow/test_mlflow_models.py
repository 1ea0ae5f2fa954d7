"""Logged models, datasets, inputs and outputs."""

import pytest

from runs.models import Dataset, LoggedModelMetric
from tests.api.protocol import Mlflow, as_dict, member

DATASET = {
    "name": "d",
    "digest": "d0ca2a63",
    "source_type": "code",
    "source": '{"tags": {}}',
    "schema": "{}",
}


def dataset_input(context: str = "train", **change: str) -> dict[str, object]:
    tags = [{"key": "mlflow.data.context", "value": context}]
    return {"tags": tags, "dataset": {**DATASET, **change}}


@pytest.fixture
def run_id(mlflow: Mlflow) -> str:
    return mlflow.new_run()


@pytest.fixture
def model_id(mlflow: Mlflow, run_id: str) -> str:
    made = mlflow.post(
        "logged-models",
        experiment_id="0",
        name="model",
        source_run_id=run_id,
        params=[{"key": "C", "value": "1.0"}],
        tags=[{"key": "stage", "value": "trial"}],
    )
    found: str = made["model"]["info"]["model_id"]
    return found


def test_a_new_model_has_the_shape_that_clients_read(
    mlflow: Mlflow, run_id: str, model_id: str
) -> None:
    model = mlflow.get(f"logged-models/{model_id}")["model"]
    info = model["info"]
    assert model_id.startswith("m-")
    assert len(model_id) == 34
    assert info["name"] == "model"
    assert info["experiment_id"] == "0"
    assert info["status"] == "LOGGED_MODEL_PENDING"
    assert info["source_run_id"] == run_id
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/models/{model_id}/artifacts"
    assert info["tags"] == [{"key": "stage", "value": "trial"}]
    params = [{"key": "C", "value": "1.0"}]
    assert model["data"] == {"params": params}


def test_a_model_without_a_name_gets_one(mlflow: Mlflow) -> None:
    model = mlflow.post("logged-models", experiment_id="0")["model"]
    assert model["info"]["name"]


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "a\nb", 5])
def test_a_bad_model_name_is_refused(mlflow: Mlflow, name: object) -> None:
    refused = mlflow.refused("logged-models", experiment_id="0", name=name)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "status", ["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", 2]
)
def test_a_model_is_finalized(mlflow: Mlflow, model_id: str, status: object) -> None:
    model = mlflow.patch(f"logged-models/{model_id}", model_id=model_id, status=status)
    wanted = "LOGGED_MODEL_READY" if status == 2 else status
    assert model["model"]["info"]["status"] == wanted


@pytest.mark.parametrize("status", ["READY", "LOGGED_MODEL_PENDING", "", 0, None])
def test_an_invalid_model_status_is_refused(
    mlflow: Mlflow, model_id: str, status: object
) -> None:
    refused = mlflow.refused(f"logged-models/{model_id}", "PATCH", status=status)
    assert (refused.status, "status" in refused.message) == (400, True)


def test_tags_of_a_model_are_changed_and_deleted(mlflow: Mlflow, model_id: str) -> None:
    path = f"logged-models/{model_id}/tags"
    tags = [{"key": "stage", "value": "done"}, {"key": "a/b", "value": "1"}]
    assert mlflow.patch(path, tags=tags) == {}
    model = mlflow.get(f"logged-models/{model_id}")["model"]
    assert as_dict(model["info"]["tags"]) == {"stage": "done", "a/b": "1"}
    assert mlflow.delete(f"{path}/a/b") == {}
    assert mlflow.refused(f"{path}/a/b", "DELETE").status == 404


def test_parameters_of_a_model_are_written_once(mlflow: Mlflow, model_id: str) -> None:
    path = f"logged-models/{model_id}/params"
    more = [{"key": "C", "value": "1.0"}, {"key": "tol", "value": "0.1"}]
    assert mlflow.post(path, params=more) == {}
    changed = mlflow.refused(path, params=[{"key": "C", "value": "2"}])
    assert (changed.status, changed.code) == (400, "INVALID_PARAMETER_VALUE")
    params = mlflow.get(f"logged-models/{model_id}")["model"]["data"]["params"]
    assert as_dict(params) == {"C": "1.0", "tol": "0.1"}


def test_a_deleted_model_is_not_found(mlflow: Mlflow, model_id: str) -> None:
    assert mlflow.delete(f"logged-models/{model_id}") == {}
    refused = mlflow.refused_get(f"logged-models/{model_id}")
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    kept = mlflow.get(f"logged-models/{model_id}", allow_deleted="true")
    assert kept["model"]["info"]["model_id"] == model_id


def test_another_workspace_has_no_such_model(mlflow: Mlflow, model_id: str) -> None:
    other = member("elsewhere")
    assert other.refused_get(f"logged-models/{model_id}").status == 404
    assert other.refused(f"logged-models/{model_id}", "DELETE").status == 404


def test_points_name_their_model_and_dataset(
    mlflow: Mlflow, run_id: str, model_id: str
) -> None:
    for step, value in [(1, 0.5), (3, "NaN"), (2, 0.9)]:
        point = {"key": "acc", "value": value, "timestamp": 1, "step": step}
        data = {"dataset_name": "d", "dataset_digest": "d0"}
        mlflow.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[{**point, "model_id": model_id, **data}],
        )
    model = mlflow.get(f"logged-models/{model_id}")["model"]
    assert model["data"]["metrics"] == [
        {
            "key": "acc",
            "value": "NaN",
            "timestamp": 1,
            "step": 3,
            "model_id": model_id,
            "run_id": run_id,
            "dataset_name": "d",
            "dataset_digest": "d0",
        }
    ]
    assert LoggedModelMetric.objects.count() == 1
    assert len(mlflow.run(run_id)["data"]["metrics"]) == 1


def test_datasets_of_a_run_read_back(mlflow: Mlflow, run_id: str) -> None:
    body = {"run_id": run_id, "datasets": [dataset_input(), dataset_input(name="e")]}
    for _ in range(2):
        assert mlflow.post("runs/log-inputs", **body) == {}
    inputs = mlflow.run(run_id)["inputs"]["dataset_inputs"]
    assert inputs == [
        {"tags": dataset_input()["tags"], "dataset": DATASET},
        {"tags": dataset_input()["tags"], "dataset": {**DATASET, "name": "e"}},
    ]
    assert Dataset.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "datasets[0].dataset.name"),
        ({"digest": "x" * 37}, "datasets[0].dataset.digest"),
        ({"source": "x" * 65_536}, "datasets[0].dataset.source"),
        ({"source_type": ""}, "datasets[0].dataset.source_type"),
        ({"name": "a\u0000"}, "datasets[0].dataset.name"),
    ],
)
def test_a_bad_dataset_is_refused(
    mlflow: Mlflow, run_id: str, change: dict[str, str], field: str
) -> None:
    datasets = [dataset_input(**change)]
    refused = mlflow.refused("runs/log-inputs", run_id=run_id, datasets=datasets)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert field in refused.message
    assert Dataset.objects.count() == 0


def test_models_of_a_run_read_back(mlflow: Mlflow, run_id: str) -> None:
    outputs = [{"model_id": "m-1", "step": 3}, {"model_id": "m-unknown"}]
    mlflow.post("runs/outputs", run_id=run_id, models=outputs)
    mlflow.post("runs/log-inputs", run_id=run_id, models=[{"model_id": "m-2"}])
    run = mlflow.run(run_id)
    assert run["outputs"]["model_outputs"] == [
        {"model_id": "m-1", "step": 3},
        {"model_id": "m-unknown", "step": 0},
    ]
    assert run["inputs"]["model_inputs"] == [{"model_id": "m-2"}]


def search(mlflow: Mlflow, text: str = "", **more: object) -> list[str]:
    body = {"experiment_ids": ["0"], "filter": text, **more}
    found = mlflow.post("logged-models/search", **body).get("models", [])
    return [model["info"]["name"] for model in found]


@pytest.fixture
def three_models(mlflow: Mlflow, run_id: str) -> None:
    for number, name in enumerate(["one", "two", "three"]):
        made = mlflow.post(
            "logged-models",
            experiment_id="0",
            name=name,
            params=[{"key": "C", "value": str(number)}],
            tags=[{"key": "team", "value": "nlp"}] if number else [],
        )
        point = {"key": "acc", "value": number / 2, "timestamp": 1, "step": 0}
        model_id = made["model"]["info"]["model_id"]
        data = {"dataset_name": f"d{number}", "dataset_digest": "x"}
        mlflow.post(
            "runs/log-metric", run_id=run_id, **point, model_id=model_id, **data
        )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name = 'two'", ["two"]),
        ("name = 'tab.json'", []),
        ("metrics.acc >= 0.5", ["three", "two"]),
        ("params.C = '0'", ["one"]),
        ("tags.team = 'nlp' AND metrics.acc < 1", ["two"]),
        ("name LIKE 't%'", ["three", "two"]),
        ("name IN ('one', 'two')", ["one", "two"]),
        ("status = 'PENDING' AND name != 'one'", ["three", "two"]),
        ("creation_timestamp > 0", ["one", "three", "two"]),
    ],
)
def test_models_are_found_by_filter(
    mlflow: Mlflow, three_models: None, text: str, names: list[str]
) -> None:
    assert sorted(search(mlflow, text)) == names


def test_models_are_ordered_and_paged(mlflow: Mlflow, three_models: None) -> None:
    order = [{"field_name": "metrics.acc", "ascending": False}]
    assert search(mlflow, order_by=order) == ["three", "two", "one"]
    body = {"experiment_ids": ["0"], "order_by": order, "max_results": 2}
    page = mlflow.post("logged-models/search", **body)
    token = page["next_page_token"]
    assert search(mlflow, order_by=order, max_results=2, page_token=token) == ["one"]
    data = [{"dataset_name": "d1"}]
    assert search(mlflow, datasets=data) == ["two"]


def test_a_search_without_experiments_finds_no_models(mlflow: Mlflow) -> None:
    body = {"experiment_ids": ["0"], "filter": "name = 'tab.json'"}
    assert mlflow.post("logged-models/search", **body) == {}
    refused = mlflow.refused("logged-models/search", **{**body, "filter": "bogus = 1"})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
