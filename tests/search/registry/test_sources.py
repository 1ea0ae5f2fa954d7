"""What a version's source can name; everything else is refused, in each encoding."""

from __future__ import annotations

import pytest

from runs.actions import registry
from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment, delete_experiment
from runs.actions.ingest import create_logged_model, trash_logged_model
from runs.actions.run import create_run, trash_run
from runs.models import Experiment, LoggedModel, ModelStage, Run, Workspace
from runs.search.registry import resolve_source
from studio.core.errors import InvalidState, InvalidValue, NotFound, StudioError

HOST = "studio.example:8000"


@pytest.fixture
def logged(experiment: Experiment, run: Run, actor: Actor, now: int) -> LoggedModel:
    return create_logged_model(
        experiment, "net", actor=actor, now=now, source_run_id=run.run_id
    )


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("runs:/{run}/model", "model"),
        ("runs:/{run}/a b/ü/50%25", "a b/ü/50%25"),
        ("runs:/{run}", ""),
        ("runs:/{run}/", ""),
        ("mlflow-artifacts:/1/{run}/artifacts/model", "model"),
        ("mlflow-artifacts:/1/{run}/artifacts", ""),
        ("mlflow-artifacts://studio.example:8000/1/{run}/artifacts/m", "m"),
        ("mlflow-artifacts://Studio.Example:8000/1/{run}/artifacts/m", "m"),
        ("runs:/{run}/①ﬁ", "①ﬁ"),
    ],
)
def test_a_source_names_files_of_a_run(
    workspace: Workspace, run: Run, source: str, path: str
) -> None:
    found = resolve_source(workspace, source.format(run=run.run_id), host=HOST)
    assert (found.files_run, found.run, found.path) == (run, run, path)
    assert found.logged_model is None


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("models:/{model}", ""),
        ("models:/{model}/", ""),
        ("mlflow-artifacts:/1/models/{model}/artifacts", ""),
        ("mlflow-artifacts:/1/models/{model}/artifacts/data", "data"),
        ("mlflow-artifacts://studio.example:8000/1/models/{model}/artifacts", ""),
    ],
)
def test_a_source_names_a_logged_model(
    workspace: Workspace, logged: LoggedModel, run: Run, source: str, path: str
) -> None:
    text = source.format(model=logged.model_id)
    found = resolve_source(workspace, text, host=HOST)
    assert (found.logged_model, found.run, found.path) == (logged, run, path)
    assert found.files_run is None


@pytest.mark.parametrize(
    "reference",
    ["/1", "/latest", "/LATEST", "/None", "/production", "@champion"],
)
@pytest.mark.parametrize("name", ["churn", "a@b", "50%25 ü?#"])
def test_a_source_names_another_version(
    run: Run, actor: Actor, now: int, name: str, reference: str
) -> None:
    workspace = run.workspace
    version = registry.register_version(
        workspace, name, f"runs:/{run.run_id}/m", actor=actor, now=now, create=True
    )
    if reference == "/production":
        registry.set_stage(version, ModelStage.PRODUCTION, actor=actor, now=now)
    registry.move_alias(version, "champion", actor=actor, now=now)
    found = resolve_source(workspace, f"models:/{name}{reference}")
    assert (found.files_run, found.path) == (run, "m")
    assert found.text == f"models:/{name}/1"


#: `{run}` and `{model}` are replaced by ids that exist.
HOSTILE = [
    "",
    " ",
    "/etc/passwd",
    "etc/passwd",
    "./model",
    "C:\\models\\x",
    "\\\\server\\share",
    "file:/etc/passwd",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "FILE:/etc/passwd",
    "File:///etc/passwd",
    " file:/etc/passwd",
    "fi\tle:/etc/passwd",
    "file%3A/etc/passwd",
    "%66ile:/etc/passwd",
    "ｆｉｌｅ:/etc/passwd",
    "file：/etc/passwd",
    "s3://bucket/model",
    "gs://bucket/model",
    "wasbs://c@a.blob.core.windows.net/m",
    "abfss://c@a.dfs.core.windows.net/m",
    "dbfs:/model",
    "hdfs://host/model",
    "ftp://host/model",
    "sftp://host/model",
    "http://studio.example:8000/api/2.0/mlflow-artifacts/artifacts/1/{run}/artifacts",
    "https://host/model",
    "data:text/plain,x",
    "javascript:alert(1)",
    "mlflow-artifacts:/",
    "mlflow-artifacts:/1/{run}/artifacts/../../x",
    "mlflow-artifacts:/1/{run}/artifacts/..%2f..%2fx",
    "mlflow-artifacts:/1/{run}/other/model",
    "mlflow-artifacts:/../1/{run}/artifacts/model",
    "mlflow-artifacts:/1/../1/{run}/artifacts/model",
    "mlflow-artifacts:///1/{run}/artifacts/model",
    "mlflow-artifacts://evil.example/1/{run}/artifacts/model",
    "mlflow-artifacts://studio.example/1/{run}/artifacts/model",
    "mlflow-artifacts://studio.example:8000@evil.example/1/{run}/artifacts/model",
    "mlflow-artifacts:1/{run}/artifacts/model",
    "mlflow-artifacts:/1/models/{model}/artifacts/../..",
    "mlflow-artifacts:/1/models/{model}",
    "MLFLOW-ARTIFACTS:/1/{run}/artifacts/model",
    "runs:{run}/model",
    "runs://{run}/model",
    "runs://host/{run}/model",
    "runs:///{run}/model",
    "Runs:/{run}/model",
    "RUNS:/{run}/model",
    "runs:/",
    "runs:/nosuch/model",
    "runs:/../{run}/model",
    "runs:/{run}/..",
    "runs:/{run}/../x",
    "runs:/{run}/a/../../x",
    "runs:/{run}/./x",
    "runs:/{run}//x",
    "runs:/{run}//etc/passwd",
    "runs:/{run}/a//b",
    "runs:/{run}/%2e%2e/x",
    "runs:/{run}/%2E%2E/x",
    "runs:/{run}/%252e%252e/x",
    "runs:/{run}/%25252e%25252e/x",
    "runs:/{run}/.%2e/x",
    "runs:/{run}/a%2f..%2fx",
    "runs:/{run}/a%2Fb",
    "runs:/{run}/a%252Fb",
    "runs:/{run}/%2fetc/passwd",
    "runs:/{run}/a%5cb",
    "runs:/{run}/a%255cb",
    "runs:/{run}/a\\b",
    "runs:/{run}/..\\x",
    "runs:/{run}/a\x00",
    "runs:/{run}/a%00",
    "runs:/{run}/a%2500",
    "runs:/{run}/a%0a",
    "runs:/{run}/a\nb",
    "runs:/{run}/a\r",
    "runs:/{run}/a ",
    " runs:/{run}/a",
    "\u00a0runs:/{run}/a",
    "\ufeffruns:/{run}/a",
    "runs:/{run}/．．/x",
    "runs:/{run}/‥/x",
    "runs:/{run}/a／b",
    "runs:/{run}/a＼b",
    "runs:/{run}/％2e％2e/x",
    "runs:/{run}/a?x=1",
    "runs:/{run}/a#x",
    "runs:/{run}/a%3fx",
    "runs:/{run}/a%23x",
    "runs:/{run}/C:/x",
    "runs:/{run}%2fmodel",
    "runs:/%7brun%7d/model",
    "runs:/{run}\ud800/model",
    "models:/m-0123456789",
    "models://{model}",
    "models:///{model}",
    "Models:/{model}",
    "models:/{model}/data",
    "models:/{model}@champion/data",
    "models:/nosuch/1",
    "models:/nosuch@champion",
    "models:/churn/2",
    "models:/churn/0",
    "models:/churn/-1",
    "models:/churn/99999999999999999999",
    "models:/churn/1.0",
    "models:/churn/١",
    "models:/churn/Bogus",
    "models:/churn@",
    "models:/churn@nosuch",
    "models:/churn@champion/1",
    "models:/churn/../churn/1",
    "models:/churn//1",
    "models:/churn\x00/1",
    "models:/",
    "runs:/{run}/" + "a/" * 70 + "b",
    "runs:/{run}/" + "x" * 6001,
]


@pytest.mark.parametrize("source", HOSTILE)
def test_any_other_source_is_refused(
    workspace: Workspace,
    run: Run,
    logged: LoggedModel,
    actor: Actor,
    now: int,
    source: str,
) -> None:
    text = source.replace("{run}", run.run_id).replace("{model}", logged.model_id)
    registry.register_version(
        workspace, "churn", f"runs:/{run.run_id}", actor=actor, now=now, create=True
    )
    with pytest.raises((InvalidValue, NotFound)):
        resolve_source(workspace, text, host=HOST)


def test_ids_must_fit_the_source(
    workspace: Workspace,
    experiment: Experiment,
    logged: LoggedModel,
    run: Run,
    actor: Actor,
    now: int,
) -> None:
    other = create_run(experiment, actor=actor, now=now)
    of_run, of_model = f"runs:/{run.run_id}/m", f"models:/{logged.model_id}"
    assert resolve_source(workspace, of_run, run_id=run.run_id).run == run
    fitting = resolve_source(
        workspace, of_model, run_id=run.run_id, model_id=logged.model_id
    )
    assert fitting.run == run
    for text, ids in [
        (of_run, {"run_id": other.run_id}),
        (of_run, {"run_id": "nosuch"}),
        (of_run, {"model_id": logged.model_id}),
        (of_model, {"model_id": "m-1"}),
        (of_model, {"run_id": other.run_id}),
    ]:
        with pytest.raises(InvalidValue, match="must identify"):
            resolve_source(workspace, text, **ids)


def test_a_model_of_an_unknown_run_can_name_its_run(
    workspace: Workspace, experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    model = create_logged_model(experiment, "net", actor=actor, now=now)
    text = f"models:/{model.model_id}"
    assert resolve_source(workspace, text).run is None
    assert resolve_source(workspace, text, run_id=run.run_id).run == run
    with pytest.raises(InvalidValue):
        resolve_source(workspace, text, run_id="nosuch")


def test_another_workspace_is_out_of_reach(
    run: Run, logged: LoggedModel, actor: Actor, now: int
) -> None:
    registry.register_version(
        run.workspace, "churn", f"runs:/{run.run_id}", actor=actor, now=now, create=True
    )
    other = Workspace.objects.create(name="other")
    for text in (
        f"runs:/{run.run_id}/m",
        f"mlflow-artifacts:/1/{run.run_id}/artifacts",
        f"models:/{logged.model_id}",
        "models:/churn/1",
    ):
        with pytest.raises(StudioError) as caught:
            resolve_source(other, text)
        assert isinstance(caught.value, InvalidValue | NotFound)


def test_what_is_in_the_trash_is_not_registered(
    workspace: Workspace, run: Run, logged: LoggedModel, actor: Actor, now: int
) -> None:
    trash_logged_model(logged, now=now)
    with pytest.raises(InvalidState, match="trash"):
        resolve_source(workspace, f"models:/{logged.model_id}")
    trash_run(run, actor=actor, now=now)
    with pytest.raises(InvalidState, match="trash"):
        resolve_source(workspace, f"runs:/{run.run_id}/m")


def test_a_run_in_the_trash_is_not_named_with_a_model(
    workspace: Workspace, experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    model = create_logged_model(experiment, "net", actor=actor, now=now)
    trash_run(run, actor=actor, now=now)
    with pytest.raises(InvalidState, match="trash"):
        resolve_source(workspace, f"models:/{model.model_id}", run_id=run.run_id)


def test_the_model_of_a_run_in_the_trash_is_not_registered(
    workspace: Workspace, run: Run, logged: LoggedModel, actor: Actor, now: int
) -> None:
    trash_run(run, actor=actor, now=now)
    with pytest.raises(InvalidState, match="trash"):
        resolve_source(workspace, f"models:/{logged.model_id}")


def test_what_is_in_a_deleted_experiment_is_not_registered(
    workspace: Workspace, actor: Actor, now: int
) -> None:
    experiment = create_experiment(workspace, "e2", actor=actor, now=now)
    run = create_run(experiment, actor=actor, now=now)
    model = create_logged_model(experiment, "net", actor=actor, now=now)
    delete_experiment(experiment, actor=actor, now=now)
    for text in (f"runs:/{run.run_id}", f"models:/{model.model_id}"):
        with pytest.raises(InvalidState, match="trash"):
            resolve_source(workspace, text)
