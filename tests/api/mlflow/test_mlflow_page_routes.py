"""The routes that MLflow's pages and its oldest clients use."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.models import File, Member, Role
from tests.api.protocol import Mlflow, member, refusal, reply

HISTORY = "metrics/get-history-bulk"
INTERVAL = "metrics/get-history-bulk-interval"


@pytest.fixture(autouse=True)
def _files(files_dir: Path) -> None:
    """Blobs go to a folder of the test's own."""


def below(mlflow: Mlflow, path: str) -> str:
    return f"/w/{mlflow.workspace.name}/{path}"


def test_the_routes_of_pages_log_and_read(mlflow: Mlflow) -> None:
    base = below(mlflow, "ajax-api/2.0/mlflow")
    run_id = mlflow.new_run(run_name="r")
    body = {"run_id": run_id, "key": "k", "value": "v"}
    kind = "application/json"
    reply(mlflow.client.post(f"{base}/runs/set-tag", body, content_type=kind))
    assert mlflow.tags(run_id)["k"] == "v"
    found = reply(mlflow.client.get(f"{base}/runs/get", {"run_id": run_id}))
    assert found["run"]["info"]["run_name"] == "r"


def test_the_routes_of_pages_need_a_form_token_without_an_api_token(
    mlflow: Mlflow,
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(Member.objects.get(workspace=mlflow.workspace).user)
    answer = browser.post(
        below(mlflow, "ajax-api/2.0/mlflow/experiments/create"),
        {"name": "e"},
        content_type="application/json",
    )
    assert answer.status_code == 403


def logged(mlflow: Mlflow, *values: object, key: str = "loss") -> str:
    """A run with one point per step."""
    run_id = mlflow.new_run()
    for step, value in enumerate(values):
        mlflow.log(run_id, key, value, step)
    return run_id


def points(found: dict[str, Any]) -> list[tuple[str, int, object]]:
    listed = found.get("metrics", [])
    return [(one["run_id"], one["step"], one["value"]) for one in listed]


def test_the_histories_of_many_runs_come_by_run(mlflow: Mlflow) -> None:
    runs = sorted([logged(mlflow, 1.5, "NaN"), logged(mlflow, 2.0, key="other")])
    runs += [logged(mlflow, 3.0, 4.0)]
    found = points(mlflow.get(HISTORY, run_id=runs, metric_key="loss"))
    expected = [
        (run, step, value)
        for run in sorted(runs)
        for step, value in enumerate(
            one for _time, _step, one in mlflow.history(run, "loss")
        )
    ]
    assert found == expected
    limited = mlflow.get(HISTORY, run_id=runs, metric_key="loss", max_results=3)
    assert points(limited) == expected[:3]


def test_the_histories_of_foreign_runs_are_empty(mlflow: Mlflow) -> None:
    run_id = logged(mlflow, 1.0)
    other = member("elsewhere")
    query = {"metric_key": "loss"}
    assert other.get(HISTORY, run_id=run_id, **query) == {}
    assert other.get(INTERVAL, run_ids=run_id, **query) == {}


def test_a_sampled_history_keeps_its_ends(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    metrics = [
        {"key": "loss", "value": step % 7, "timestamp": step, "step": step}
        for step in range(500)
    ]
    mlflow.post("runs/log-batch", run_id=run_id, metrics=metrics)
    query = {"run_ids": [run_id], "metric_key": "loss"}
    assert len(points(mlflow.get(INTERVAL, **query))) == 500
    steps = [
        step for _run, step, _v in points(mlflow.get(INTERVAL, **query, max_results=20))
    ]
    assert (steps[0], steps[-1], steps == sorted(steps)) == (0, 499, True)
    assert len(steps) <= 20
    part = mlflow.get(INTERVAL, **query, start_step=10, end_step="12")
    assert [step for _run, step, _value in points(part)] == [10, 11, 12]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (HISTORY, {"metric_key": "loss"}),
        (HISTORY, {"run_id": "a"}),
        (HISTORY, {"run_id": ["a"] * 101, "metric_key": "loss"}),
        (HISTORY, {"run_id": "a", "metric_key": "loss", "max_results": 0}),
        (INTERVAL, {"metric_key": "loss"}),
        (INTERVAL, {"run_ids": "a"}),
        (INTERVAL, {"run_ids": ["a"] * 101, "metric_key": "loss"}),
        (INTERVAL, {"run_ids": "a", "metric_key": "loss", "max_results": 2501}),
        (INTERVAL, {"run_ids": "a", "metric_key": "loss", "start_step": 1}),
        (
            INTERVAL,
            {"run_ids": "a", "metric_key": "loss", "start_step": 2, "end_step": 1},
        ),
    ],
)
def test_a_bad_request_of_histories_is_refused(
    mlflow: Mlflow, path: str, query: dict[str, object]
) -> None:
    refused = mlflow.refused_get(path, **query)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_histories_cost_the_same_for_more_runs(
    mlflow: Mlflow, django_assert_num_queries: Any
) -> None:
    runs = [logged(mlflow, 1.0, 2.0) for _ in range(4)]
    query = {"run_ids": runs, "metric_key": "loss"}
    mlflow.get(INTERVAL, **query)
    with django_assert_num_queries(4):
        assert len(points(mlflow.get(INTERVAL, **query))) == 8


def test_a_file_is_uploaded_and_read_by_the_routes_of_pages(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    url = below(mlflow, "ajax-api/2.0/mlflow/upload-artifact")
    query = f"?run_uuid={run_id}&path=d/page.html"
    reply(mlflow.client.post(url + query, b"<p>", content_type="text/html"))
    for name in ("run_id", "run_uuid"):
        answer = mlflow.client.get(
            below(mlflow, "get-artifact"), {name: run_id, "path": "./d/page.html"}
        )
        assert answer.getvalue() == b"<p>"
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (
            "text/html",
            "nosniff",
        )


@pytest.mark.parametrize("path", ["", ".", "../x", "a/../../x", "/etc/passwd"])
def test_a_bad_path_is_refused_by_the_routes_of_pages(
    mlflow: Mlflow, path: str
) -> None:
    query = {"run_id": mlflow.new_run(), "path": path}
    read = mlflow.client.get(below(mlflow, "get-artifact"), query)
    assert refusal(read).code == "INVALID_PARAMETER_VALUE"
    upload = below(mlflow, "api/2.0/mlflow/upload-artifact")
    sent = mlflow.client.post(
        upload, b"x", content_type="text/plain", query_params=query
    )
    assert refusal(sent).code == "INVALID_PARAMETER_VALUE"
    assert File.objects.count() == 0


def test_a_reader_uploads_nothing(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    reader = member("lab", Role.READER)
    url = below(mlflow, "ajax-api/2.0/mlflow/upload-artifact")
    query = {"run_id": run_id, "path": "x"}
    answer = reader.client.post(
        url, b"x", content_type="text/plain", query_params=query
    )
    assert refusal(answer).code == "PERMISSION_DENIED"


def test_the_files_of_a_logged_model_are_listed_and_read(mlflow: Mlflow) -> None:
    model = mlflow.post("logged-models", experiment_id="0", name="m")["model"]["info"]
    mlflow.put(f"/0/models/{model['model_id']}/artifacts/data/w.bin", b"ww")
    path = f"logged-models/{model['model_id']}/artifacts"
    assert mlflow.get(f"{path}/directories") == {
        "root_uri": model["artifact_uri"],
        "files": [{"path": "data", "is_dir": True}],
    }
    folder = mlflow.get(f"{path}/directories", artifact_directory_path="data")
    assert folder["files"] == [{"path": "data/w.bin", "is_dir": False, "file_size": 2}]
    url = mlflow.url(f"{path}/files")
    answer = mlflow.client.get(url, {"artifact_file_path": "data/w.bin"})
    assert answer.getvalue() == b"ww"
    assert mlflow.refused_get(f"{path}/files").status == 400
    assert member("elsewhere").refused_get(f"{path}/directories").status == 404


def test_the_datasets_of_experiments_are_listed(mlflow: Mlflow) -> None:
    dataset = {"name": "d", "digest": "1", "source_type": "code", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    for use in (
        {"dataset": dataset, "tags": tags},
        {"dataset": {**dataset, "name": "e"}},
    ):
        for _ in range(2):
            mlflow.post("runs/log-inputs", run_id=mlflow.new_run(), datasets=[use])
    found = mlflow.post("experiments/search-datasets", experiment_ids=["0", "99"])
    assert found == {
        "dataset_summaries": [
            {"experiment_id": "0", "name": "d", "digest": "1", "context": "train"},
            {"experiment_id": "0", "name": "e", "digest": "1"},
        ]
    }
    other = member("elsewhere")
    assert other.post("experiments/search-datasets", experiment_ids=["0"]) == {}


@pytest.mark.parametrize("ids", [[], ["x"], ["1"] * 21])
def test_a_bad_search_for_datasets_is_refused(mlflow: Mlflow, ids: list[str]) -> None:
    refused = mlflow.refused("experiments/search-datasets", experiment_ids=ids)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_clients_of_mlflow_1_list_experiments_and_search_runs(mlflow: Mlflow) -> None:
    mlflow.new_experiment("e1")
    deleted = mlflow.new_experiment("e2")
    mlflow.post("experiments/delete", experiment_id=deleted)
    listed = mlflow.get("experiments/list")["experiments"]
    assert {one["name"] for one in listed} == {"Default", "e1"}
    everything = mlflow.get("experiments/list", view_type="ALL", max_results=2)
    assert (len(everything["experiments"]), "next_page_token" in everything) == (
        2,
        True,
    )
    run_id = mlflow.new_run()
    found = mlflow.get("runs/search", experiment_ids="0", filter="")["runs"]
    assert [run["info"]["run_id"] for run in found] == [run_id]


def test_or_and_parentheses_work_in_every_search(mlflow: Mlflow) -> None:
    first, second = mlflow.new_run(run_name="a"), mlflow.new_run(run_name="b")
    mlflow.log(first, "m", 1)
    text = "metrics.m > 0 OR (tags.mlflow.runName = 'b' AND start_time > 0)"
    assert set(mlflow.search(text)) == {first, second}
    for name in ("x", "y", "z"):
        mlflow.new_experiment(name)
        mlflow.post("logged-models", experiment_id="0", name=name)
    either = "name = 'x' OR (name = 'y' AND name != 'x')"
    found = mlflow.post("experiments/search", max_results=9, filter=either)
    assert {one["name"] for one in found["experiments"]} == {"x", "y"}
    models = mlflow.post("logged-models/search", experiment_ids=["0"], filter=either)
    assert {one["info"]["name"] for one in models["models"]} == {"x", "y"}
