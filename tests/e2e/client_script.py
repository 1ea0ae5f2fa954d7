"""What a training script does, with whatever MLflow client this interpreter has.

Not a test itself: tests run it in the environment of each client. It asserts from the
client's side what it wrote, goes on after a failure, and ends with 1 if there was any.
"""

from __future__ import annotations

import math
import sys
import traceback

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient

from tests.e2e.client_common import (
    EXPERIMENT,
    UNIQUE,
    VERSION,
    refused,
    runs_found,
    takes,
)
from tests.e2e.client_files import (
    artifacts,
    autologging,
    datasets,
    models,
    pictures_and_tables,
    system_metrics,
)


def experiments() -> None:
    client = MlflowClient()
    made = mlflow.set_experiment(EXPERIMENT)
    assert mlflow.set_experiment(EXPERIMENT).experiment_id == made.experiment_id
    assert client.get_experiment(made.experiment_id).name == EXPERIMENT
    assert client.get_experiment_by_name(f"none {UNIQUE}") is None
    assert "RESOURCE_ALREADY_EXISTS" in refused(
        lambda: client.create_experiment(EXPERIMENT)
    )
    client.set_experiment_tag(made.experiment_id, "team", "vision")
    assert client.get_experiment(made.experiment_id).tags["team"] == "vision"
    found = mlflow.search_experiments(filter_string=f"name = '{EXPERIMENT}'")
    assert [item.experiment_id for item in found] == [made.experiment_id]
    assert client.get_experiment("0").name == "Default"


def experiment_life() -> None:
    client = MlflowClient()
    number = client.create_experiment(f"old {UNIQUE}")
    run = client.create_run(number)
    client.rename_experiment(number, f"new {UNIQUE}")
    assert client.get_experiment(number).name == f"new {UNIQUE}"
    client.delete_experiment(number)
    assert client.get_experiment(number).lifecycle_stage == "deleted"
    deleted = client.search_experiments(view_type=ViewType.DELETED_ONLY)
    assert number in [item.experiment_id for item in deleted]
    assert "active" in refused(lambda: client.create_run(number))
    client.restore_experiment(number)
    assert client.get_experiment(number).lifecycle_stage == "active"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"


def parameters_metrics_tags() -> None:
    with mlflow.start_run(run_name="basic", description="**bold**") as run:
        mlflow.log_param("lr", 0.01)
        mlflow.log_params({f"p{number}": number for number in range(150)})
        for step in range(5):
            mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.9, "val/f1 score": 0.8}, step=4)
        mlflow.log_metric("odd", math.nan, step=0)
        mlflow.log_metric("odd", 3.0, step=-1)
        mlflow.set_tag("quality", "fantastic run")
        mlflow.set_tags({"worth": "", "gone": "soon"})
        mlflow.delete_tag("gone")
        refusal = refused(lambda: mlflow.log_param("lr", 0.02))
        assert "lr" in refusal, refusal
    seen = mlflow.get_run(run.info.run_id)
    assert seen.info.status == "FINISHED"
    assert seen.info.end_time >= seen.info.start_time
    assert seen.data.params["lr"] == "0.01"
    assert len(seen.data.params) == 151
    assert seen.data.metrics["loss"] == 0.2
    assert seen.data.metrics["val/f1 score"] == 0.8
    assert math.isnan(seen.data.metrics["odd"])
    assert seen.data.tags["mlflow.runName"] == "basic"
    assert seen.data.tags["mlflow.note.content"] == "**bold**"
    assert seen.data.tags["worth"] == ""
    assert "gone" not in seen.data.tags


def histories() -> None:
    client = MlflowClient()
    with mlflow.start_run() as run:
        points = [Metric("m", step / 10, 1000 + step, step) for step in range(500)]
        client.log_batch(run.info.run_id, points, [Param("a", "1")], [RunTag("t", "2")])
        client.log_batch(run.info.run_id, points)
    history = client.get_metric_history(run.info.run_id, "m")
    assert sorted((point.step, point.value) for point in history) == [
        (step, step / 10) for step in range(500)
    ]
    assert client.get_metric_history(run.info.run_id, "none") == []


def asynchronous() -> None:
    if not takes(mlflow.log_metric, "synchronous"):
        return
    with mlflow.start_run() as run:
        pending = [
            mlflow.log_metric("slow", step, step=step, synchronous=False)
            for step in range(50)
        ]
        pending.append(mlflow.log_params({"a": 1}, synchronous=False))
        for operation in pending:
            operation.wait()
    history = MlflowClient().get_metric_history(run.info.run_id, "slow")
    assert sorted(point.value for point in history) == list(range(50))
    assert mlflow.get_run(run.info.run_id).data.params == {"a": "1"}


def run_tree() -> None:
    with (
        mlflow.start_run(run_name="parent") as parent,
        mlflow.start_run(run_name="child", nested=True) as child,
    ):
        mlflow.log_metric("score", 1)
    text = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    assert [run.info.run_id for run in runs_found(text)] == [child.info.run_id]


def resuming() -> None:
    with mlflow.start_run() as first:
        mlflow.log_metric("m", 1, step=1)
    with mlflow.start_run(run_id=first.info.run_id):
        assert mlflow.get_run(first.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("m", 2, step=2)
    mlflow.start_run()
    failed = mlflow.active_run().info.run_id
    mlflow.end_run("FAILED")
    assert mlflow.get_run(first.info.run_id).info.status == "FINISHED"
    assert mlflow.get_run(first.info.run_id).data.metrics == {"m": 2}
    assert mlflow.get_run(failed).info.status == "FAILED"
    killed = MlflowClient().create_run(first.info.experiment_id).info.run_id
    MlflowClient().set_terminated(killed, "KILLED")
    assert mlflow.get_run(killed).info.status == "KILLED"


def searching() -> None:
    for number in range(3):
        with mlflow.start_run(run_name=f"found {number}"):
            mlflow.log_metric("rank", number)
            mlflow.set_tag("search", "yes")
    found = runs_found("metrics.rank >= 1", order_by=["metrics.rank DESC"])
    assert [run.data.metrics["rank"] for run in found] == [2, 1]
    pages = runs_found("tags.search = 'yes'", max_results=2)
    assert len(pages) == 2
    frame = mlflow.search_runs(
        experiment_names=[EXPERIMENT], filter_string="run_name LIKE 'found%'"
    )
    assert set(frame["metrics.rank"]) == {0, 1, 2}
    assert set(frame["status"]) == {"FINISHED"}
    either = runs_found(
        "metrics.rank < 1 or (metrics.rank > 1 and tags.search = 'yes')"
    )
    assert {run.data.metrics["rank"] for run in either} == {0, 2}


def deleting() -> None:
    client = MlflowClient()
    with mlflow.start_run(tags={"doomed": "yes"}) as run:
        pass
    client.delete_run(run.info.run_id)
    assert mlflow.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    assert runs_found("tags.doomed = 'yes'") == []
    assert len(runs_found("tags.doomed = 'yes'", run_view_type=ViewType.ALL)) == 1
    # A script whose run was deleted continues and loses nothing.
    client.log_metric(run.info.run_id, "late", 1.0)
    client.restore_run(run.info.run_id)
    assert len(runs_found("tags.doomed = 'yes' and metrics.late = 1")) == 1


def evaluations() -> None:
    """Traces are refused by name, but an evaluation ends with its results."""
    if VERSION < (3, 4):
        return

    @mlflow.genai.scorer
    def exact(outputs: str, expectations: dict[str, str]) -> bool:
        return outputs == expectations["answer"]

    rows = [
        {"inputs": {"q": q}, "outputs": "a", "expectations": {"answer": q}}
        for q in ("a", "b")
    ]
    result = mlflow.genai.evaluate(data=rows, scorers=[exact])
    seen = mlflow.get_run(result.run_id)
    assert (seen.info.status, seen.data.metrics) == ("FINISHED", {"exact/mean": 0.5})
    assert "does not store traces" in refused(mlflow.search_traces)
    assert "evaluation datasets" in refused(mlflow.genai.search_datasets)


SECTIONS = (
    experiments,
    experiment_life,
    parameters_metrics_tags,
    histories,
    asynchronous,
    run_tree,
    resuming,
    searching,
    deleting,
    evaluations,
    artifacts,
    pictures_and_tables,
    datasets,
    autologging,
    models,
    system_metrics,
)


def main(wanted: list[str]) -> int:
    failed = []
    for section in SECTIONS:
        if wanted and section.__name__ not in [*wanted, "experiments"]:
            continue
        try:
            section()
        except Exception:  # noqa: BLE001  the next section has its own story
            failed.append(section.__name__)
            traceback.print_exc()
            while mlflow.active_run():
                mlflow.end_run("FAILED")
    print(f"{EXPERIMENT}: {len(SECTIONS)} sections, failed: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
