"""What v1 registers is what MLflow's client loads, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.sdk import Experiment, Workspace
from studio.sdk.models import Model
from tests.parts.server import Server

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """The client that is installed, as `studio env` configures it."""
    # Importing it needs more than a second, and each process collects this file.
    import mlflow

    for name, value in server.environment.items():
        if name.startswith("MLFLOW_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, value)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.environment["MLFLOW_TRACKING_URI"])
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


def test_mlflow_loads_what_v1_registered(
    client: MlflowClient, workspace: Workspace, tmp_path: Path
) -> None:
    from mlflow.artifacts import download_artifacts

    Path("trained").mkdir()
    Path("trained/w.txt").write_text("local")
    experiment = Experiment(workspace, "models-of-runs")
    with experiment.start_logging(snapshot_directory=None, outputs=False) as run:
        run.upload_file("outputs/net/w.txt", "trained/w.txt")
        run.flush()
        run.register_model("both ways", "outputs/net", tags={"area": "digits"})
    Model.register(workspace, "trained", "both ways", description="of files")
    for number in (1, 2):
        target = tmp_path / str(number)
        got = download_artifacts(f"models:/both ways/{number}", dst_path=str(target))
        assert (Path(got) / "w.txt").read_text() == "local"
    first, second = (
        client.get_model_version("both ways", number) for number in ("1", "2")
    )
    assert (first.run_id, first.tags) == (run.id, {"area": "digits"})
    assert second.description == "of files"


def test_v1_reads_what_mlflow_registered(
    client: MlflowClient, workspace: Workspace, tmp_path: Path
) -> None:
    experiment = client.create_experiment("registered by mlflow")
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "weights", "net/data/w.txt")
    client.create_registered_model("of mlflow")
    made = client.create_model_version(
        "of mlflow", f"runs:/{run.info.run_id}/net", run.info.run_id, {"k": "v"}
    )
    client.set_registered_model_alias("of mlflow", "champion", made.version)
    model = Model(workspace, "of mlflow", tags=[["k", "v"]])
    assert (model.id, model.run_id) == ("of mlflow:1", run.info.run_id)
    assert (model.aliases, model.url) == (["champion"], "models:/of mlflow/1")
    top = Path(model.download(tmp_path / "got"))
    assert (top.name, (top / "data/w.txt").read_text()) == ("net", "weights")
    model.add_tags({"area": "digits"})
    seen = client.get_model_version_by_alias("of mlflow", "champion")
    assert seen.tags == {"k": "v", "area": "digits"}
