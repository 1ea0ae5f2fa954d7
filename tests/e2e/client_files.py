"""Sections of client_script about artifacts, tables, datasets and models."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from tests.e2e.client_common import VERSION, runs_found, takes

#: So that no environment is searched for what a small model needs.
PLAIN_MODEL: dict[str, Any] = {"pip_requirements": ["scikit-learn"]}


def artifacts() -> None:
    client = MlflowClient()
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty").write_bytes(b"")
        (folder / "50 % of a +ü.txt").write_text("x")
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "er" / "blob").write_bytes(os.urandom(100_000))
        mlflow.log_artifact(str(folder / "empty"))
        mlflow.log_metric("after the empty file", 1)
        mlflow.log_artifacts(name, "folder")
        mlflow.log_text("hello\n", "notes/a.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")
        blob = (folder / "deep" / "er" / "blob").read_bytes()
    run_id = run.info.run_id
    top = {(item.path, item.is_dir) for item in client.list_artifacts(run_id)}
    assert top == {
        ("empty", False),
        ("folder", True),
        ("notes", True),
        ("config.json", False),
    }
    inside = {item.path for item in client.list_artifacts(run_id, "folder")}
    assert inside == {
        "folder/empty",
        "folder/deep",
        "folder/50 % of a +ü.txt",
    }, inside
    with tempfile.TemporaryDirectory() as name:
        got = Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=name))
        assert (got / "folder/deep/er/blob").read_bytes() == blob
        assert (got / "empty").read_bytes() == b""
        assert (got / "folder/50 % of a +ü.txt").read_text() == "x"
        dotted = Path(
            mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=".", dst_path=str(folder_in(name, "dot"))
            )
        )
        assert (dotted / "folder/deep/er/blob").read_bytes() == blob
    by_dot = {Path(item.path).name for item in client.list_artifacts(run_id, ".")}
    assert by_dot == {path for path, _is_dir in top}
    assert len(client.list_artifacts(run_id, "./folder")) == 3
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/a.txt") == "hello\n"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"a": [1, 2]}


def folder_in(parent: str, name: str) -> Path:
    made = Path(parent, name)
    made.mkdir()
    return made


def pictures_and_tables() -> None:
    client = MlflowClient()
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    with mlflow.start_run() as run:
        figure, axes = plt.subplots()
        axes.plot([1, 2, 3])
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_image(pixels, "still.png")
        if takes(mlflow.log_image, "key"):
            mlflow.log_image(pixels, key="epoch image", step=1)
            client.log_image(run.info.run_id, pixels, key="epoch image", step=2)
        mlflow.log_table({"a": [1, 2], "b": ["x", "y"]}, "table.json")
        mlflow.log_table(pd.DataFrame({"a": [3], "b": ["z"]}), "table.json")
    table = mlflow.load_table("table.json", run_ids=[run.info.run_id])
    assert list(table["a"]) == [1, 2, 3]
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"plots", "still.png", "table.json"} <= names
    if takes(mlflow.log_image, "key"):
        stored = [
            item.path for item in client.list_artifacts(run.info.run_id, "images")
        ]
        assert len(stored) == 4, stored
        for path in stored:
            client.download_artifacts(run.info.run_id, path)
    check_media(run.info.run_id)


def check_media(run_id: str) -> None:
    """What the tab *Media* shows of the run, by name: kind and steps."""
    server = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    root = f"{server.scheme}://{server.netloc}"
    request = Request(
        f"{root}/api/v1/workspaces/default/runs/{run_id}/media",
        headers={"Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"},
    )
    with urlopen(request) as response:
        listed = json.load(response)["media"]
    media = {each["name"]: (each["kind"], each["steps"]) for each in listed}
    expected: dict[str, tuple[str, list[int]]] = {
        "plots/line.png": ("image", []),
        "still.png": ("image", []),
        "table.json": ("table", []),
    }
    if takes(mlflow.log_image, "key"):
        expected["epoch image"] = ("image", [1, 2])
    assert media == expected, media


def datasets() -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": [0, 1]})
    with mlflow.start_run() as run:
        data = mlflow.data.from_pandas(
            frame, source="https://example.org/d.csv", name="d"
        )
        mlflow.log_input(data, context="training")
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert [item.dataset.name for item in inputs] == ["d"]
    assert inputs[0].dataset.digest == data.digest
    assert [tag.value for tag in inputs[0].tags] == ["training"]
    assert len(runs_found("dataset.name = 'd'")) == 1


def autologging() -> None:
    images, labels = load_digits(return_X_y=True)
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="autolog") as run:
        LogisticRegression(max_iter=20).fit(images[:300], labels[:300])
    mlflow.sklearn.autolog(disable=True)
    seen = mlflow.get_run(run.info.run_id)
    assert seen.data.params["max_iter"] == "20"
    assert seen.data.metrics["training_accuracy_score"] > 0.9
    assert len(seen.inputs.dataset_inputs) == 1
    assert "estimator.html" in {
        item.path for item in MlflowClient().list_artifacts(run.info.run_id)
    }
    if VERSION >= (3, 0):
        [output] = seen.outputs.model_outputs
        logged = mlflow.get_logged_model(output.model_id)
        assert str(logged.status) in ("READY", "LoggedModelStatus.READY")
        assert "training_accuracy_score" in {item.key for item in logged.metrics}
        address = f"models:/{output.model_id}"
    else:
        address = f"runs:/{run.info.run_id}/model"
    model = mlflow.sklearn.load_model(address)
    assert model.score(images[:300], labels[:300]) > 0.9


def models() -> None:
    images, labels = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=5).fit(images[:200], labels[:200])
    with mlflow.start_run() as run:
        name = {"name": "mine"} if VERSION >= (3, 0) else {"artifact_path": "mine"}
        info = mlflow.sklearn.log_model(model, **name, **PLAIN_MODEL)
    loaded = mlflow.sklearn.load_model(info.model_uri)
    assert (loaded.predict(images) == model.predict(images)).all()
    if VERSION >= (3, 0):
        assert info.model_uri.startswith("models:/m-")
        by_run = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/mine")
        assert (by_run.predict(images) == model.predict(images)).all()
        found = mlflow.search_logged_models(
            experiment_ids=[run.info.experiment_id],
            filter_string=f"source_run_id = '{run.info.run_id}'",
            output_format="list",
        )
        assert [item.model_id for item in found] == [info.model_id]
        mlflow.set_logged_model_tags(info.model_id, {"stage": "trial"})
        assert mlflow.get_logged_model(info.model_id).tags["stage"] == "trial"


def system_metrics() -> None:
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(1.5)
    keys = mlflow.get_run(run.info.run_id).data.metrics
    assert "system/cpu_utilization_percentage" in keys, keys
