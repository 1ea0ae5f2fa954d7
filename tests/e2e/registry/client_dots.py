"""Sections of client_script about paths with dots, and an evaluation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
Show = Callable[[str, object], None]


def dotted_paths(client: MlflowClient, show: Show) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("a", "a.txt")
        mlflow.log_text("b", "d/b.txt")
    for path in (".", "./", "./d", "d/."):
        listed = client.list_artifacts(run.info.run_id, path)
        show(f"listed {path}", sorted(item.path for item in listed))
        show(f"downloaded {path}", downloaded(run.info.run_id, path))
    show("downloaded ./a.txt", downloaded(run.info.run_id, "./a.txt"))


def downloaded(run_id: str, path: str) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path=path, dst_path=name
        )
        files = [one for one in Path(name).rglob("*") if one.is_file()]
        return sorted(str(one.relative_to(name)) for one in files)


def evaluation(show: Show) -> None:
    """An evaluation ends with its metrics, on a server without traces too."""
    if VERSION < (3, 4):
        return

    @mlflow.genai.scorer
    def exact(outputs: str, expectations: dict[str, str]) -> bool:
        return outputs == expectations["answer"]

    rows = [
        {"inputs": {"q": q}, "outputs": "a", "expectations": {"answer": q}}
        for q in ("a", "b")
    ]
    try:
        result = mlflow.genai.evaluate(data=rows, scorers=[exact])
    except MlflowException as error:
        show("evaluation", error.error_code)
        return
    seen = mlflow.get_run(result.run_id)
    show("evaluation", (seen.info.status, seen.data.metrics))
