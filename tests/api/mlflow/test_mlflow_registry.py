"""The model registry of MLflow clients: models, versions, aliases, stages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.account import create_run_token
from runs.models import ChangeSet, ModelVersion, RegisteredModel, Role, Run, User
from tests.api.protocol import Mlflow, member


@pytest.fixture
def run_id(mlflow: Mlflow) -> str:
    return mlflow.new_run()


@pytest.fixture
def model_id(mlflow: Mlflow, run_id: str) -> str:
    made = mlflow.post(
        "logged-models", experiment_id="0", name="net", source_run_id=run_id
    )
    found: str = made["model"]["info"]["model_id"]
    return found


def create(mlflow: Mlflow, name: str = "churn", **more: object) -> Any:
    made = mlflow.post("registered-models/create", name=name, **more)
    return made["registered_model"]


def register(mlflow: Mlflow, source: str, name: str = "churn", **more: object) -> Any:
    made = mlflow.post("model-versions/create", name=name, source=source, **more)
    return made["model_version"]


def model_of(mlflow: Mlflow, name: str = "churn") -> Any:
    return mlflow.get("registered-models/get", name=name)["registered_model"]


def test_a_new_model_has_the_shape_that_clients_read(mlflow: Mlflow) -> None:
    tags = [{"key": "team", "value": "a"}]
    made = create(mlflow, description="d", tags=tags)
    assert made.pop("creation_timestamp") == made.pop("last_updated_timestamp") > 0
    assert made == {
        "name": "churn",
        "user_id": "contributor-lab",
        "description": "d",
        "tags": tags,
    }
    assert model_of(mlflow)["name"] == "churn"


def test_a_model_that_exists_has_the_code_that_clients_handle(mlflow: Mlflow) -> None:
    create(mlflow)
    refused = mlflow.refused("registered-models/create", name="churn")
    assert (refused.status, refused.code) == (400, "RESOURCE_ALREADY_EXISTS")


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a:b", "..", ".", "\n", "x" * 257, None, 5]
)
def test_a_bad_name_is_refused(mlflow: Mlflow, name: object) -> None:
    refused = mlflow.refused("registered-models/create", name=name)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert not RegisteredModel.objects.exists()


def test_a_model_is_renamed_described_and_deleted(mlflow: Mlflow) -> None:
    create(mlflow)
    mlflow.post("registered-models/rename", name="churn", new_name="模型 ?#%")
    described = mlflow.patch(
        "registered-models/update", name="模型 ?#%", description="new"
    )
    assert described["registered_model"]["description"] == "new"
    assert mlflow.send("DELETE", "registered-models/delete", {"name": "模型 ?#%"})
    refused = mlflow.refused_get("registered-models/get", name="模型 ?#%")
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_tags_of_models_and_versions(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    for path, more in (
        ("registered-models", {}),
        ("model-versions", {"version": "1"}),
    ):
        about = {"name": "churn", "key": "k", **more}
        mlflow.post(f"{path}/set-tag", value="v", **about)
        found = next(iter(mlflow.get(f"{path}/get", name="churn", **more).values()))
        assert found["tags"] == [{"key": "k", "value": "v"}]
        mlflow.send("DELETE", f"{path}/delete-tag", about)
        found = next(iter(mlflow.get(f"{path}/get", name="churn", **more).values()))
        assert "tags" not in found


def test_a_new_version_has_the_shape_that_clients_read(
    mlflow: Mlflow, run_id: str
) -> None:
    create(mlflow)
    source = f"mlflow-artifacts:/0/{run_id}/artifacts/model"
    made = register(mlflow, source, run_id=run_id, description="d")
    assert made.pop("creation_timestamp") == made.pop("last_updated_timestamp") > 0
    assert made == {
        "name": "churn",
        "version": "1",
        "user_id": "contributor-lab",
        "current_stage": "None",
        "description": "d",
        "source": source,
        "run_id": run_id,
        "status": "READY",
    }
    [latest] = model_of(mlflow)["latest_versions"]
    assert latest["version"] == "1"


def test_a_version_of_a_logged_model(
    mlflow: Mlflow, model_id: str, run_id: str
) -> None:
    create(mlflow)
    made = register(mlflow, f"models:/{model_id}", model_id=model_id)
    assert (made["model_id"], made["run_id"]) == (model_id, run_id)
    info = mlflow.get(f"logged-models/{model_id}")["model"]["info"]
    tag = {
        "key": "mlflow.modelVersions",
        "value": '[{"name": "churn", "version": 1}]',
    }
    assert info["tags"] == [tag]


def test_where_the_files_of_a_version_are(
    mlflow: Mlflow, model_id: str, run_id: str
) -> None:
    create(mlflow)
    register(mlflow, f"runs:/{run_id}/model", run_id=run_id)
    register(mlflow, f"models:/{model_id}")
    register(mlflow, "models:/churn/2")
    found = [
        mlflow.get("model-versions/get-download-uri", name="churn", version=number)
        for number in (1, 2, 3)
    ]
    of_model = f"mlflow-artifacts:/0/models/{model_id}/artifacts"
    assert [one["artifact_uri"] for one in found] == [
        f"mlflow-artifacts:/0/{run_id}/artifacts/model",
        of_model,
        of_model,
    ]


def test_a_copy_keeps_the_run(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    create(mlflow, "copy")
    register(mlflow, f"runs:/{run_id}/model", run_id=run_id)
    mlflow.post("registered-models/alias", name="churn", alias="best", version="1")
    made = register(mlflow, "models:/churn@best", name="copy", run_id=run_id)
    assert (made["source"], made["run_id"]) == ("models:/churn/1", run_id)


@pytest.mark.parametrize("source", ["file:///etc/passwd", "s3://b/x", "runs:/no/m"])
def test_a_refused_source_leaves_nothing(mlflow: Mlflow, source: str) -> None:
    create(mlflow)
    before = ChangeSet.objects.count()
    refused = mlflow.refused("model-versions/create", name="churn", source=source)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert not ModelVersion.objects.exists()
    assert ChangeSet.objects.count() == before


def test_an_unknown_version_is_not_found(mlflow: Mlflow) -> None:
    create(mlflow)
    for number in ("1", "0", "-1", "99999999999"):
        refused = mlflow.refused_get("model-versions/get", name="churn", version=number)
        assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    for number in ("x", "1.5", "--1"):
        refused = mlflow.refused_get("model-versions/get", name="churn", version=number)
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_an_alias_is_set_read_moved_and_removed(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    for _ in range(2):
        register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    alias = {"name": "churn", "alias": "champion"}
    for number in ("1", "2"):
        mlflow.post("registered-models/alias", version=number, **alias)
        found = mlflow.get("registered-models/alias", **alias)["model_version"]
        assert (found["version"], found["aliases"]) == (number, ["champion"])
    assert model_of(mlflow)["aliases"] == [{"alias": "champion", "version": "2"}]
    for _ in range(2):
        assert mlflow.send("DELETE", "registered-models/alias", alias).json() == {}
    refused = mlflow.refused_get("registered-models/alias", **alias)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("alias", ["latest", "1", "v1", "a b", "a@b", "", "x" * 256])
def test_a_bad_alias_is_refused(mlflow: Mlflow, run_id: str, alias: str) -> None:
    create(mlflow)
    register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    refused = mlflow.refused(
        "registered-models/alias", name="churn", alias=alias, version="1"
    )
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_what_an_alias_points_to_is_not_deleted(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    mlflow.post("registered-models/alias", name="churn", alias="best", version="1")
    version = {"name": "churn", "version": "1"}
    for path, body in (
        ("model-versions/delete", version),
        ("registered-models/delete", {"name": "churn"}),
    ):
        refused = mlflow.refused(path, "DELETE", **body)
        # A 500 would be repeated by clients for minutes.
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
        assert "@best" in refused.message
    mlflow.send("DELETE", "registered-models/alias", {"name": "churn", "alias": "best"})
    mlflow.send("DELETE", "model-versions/delete", version)
    assert not ModelVersion.objects.exists()


def test_stages_for_clients_without_aliases(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    for _ in range(3):
        register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    for number in ("1", "2"):
        mlflow.post(
            "model-versions/transition-stage",
            name="churn",
            version=number,
            stage="production",
            archive_existing_versions=True,
        )
    found = {
        one["current_stage"]: one["version"]
        for one in mlflow.post("registered-models/get-latest-versions", name="churn")[
            "model_versions"
        ]
    }
    assert found == {"Archived": "1", "Production": "2", "None": "3"}
    asked = mlflow.get(
        "registered-models/get-latest-versions", name="churn", stages="Production"
    )
    assert [one["version"] for one in asked["model_versions"]] == ["2"]
    refused = mlflow.refused(
        "model-versions/transition-stage", name="churn", version="1", stage="Bogus"
    )
    assert "None, Staging, Production, Archived" in refused.message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("registered-models/create", {}),
        (
            "registered-models/set-tag",
            {"key": "mlflow.prompt.is_prompt", "value": "true"},
        ),
        ("model-versions/create", {"source": "x"}),
    ],
)
def test_prompts_are_refused_by_their_name(
    mlflow: Mlflow, path: str, body: dict[str, object]
) -> None:
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    refused = mlflow.refused(path, name="p", tags=tags, **body)
    assert (refused.status, refused.code) == (501, "NOT_IMPLEMENTED")
    assert "prompts" in refused.message


@pytest.mark.parametrize(
    "path",
    ["runs/delete", "experiments/delete"],
)
def test_a_registered_run_is_not_deleted(mlflow: Mlflow, path: str) -> None:
    experiment = mlflow.new_experiment()
    run_id = mlflow.new_run(experiment)
    create(mlflow)
    register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    body = {"run_id": run_id, "experiment_id": experiment}
    refused = mlflow.refused(path, **body)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "churn version 1" in refused.message
    mlflow.send("DELETE", "model-versions/delete", {"name": "churn", "version": "1"})
    mlflow.post(path, **body)


def test_a_registered_logged_model_is_not_deleted(
    mlflow: Mlflow, model_id: str, run_id: str
) -> None:
    create(mlflow)
    register(mlflow, f"models:/{model_id}")
    refused = mlflow.refused(f"logged-models/{model_id}", "DELETE")
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "churn version 1" in refused.message
    # Its run takes the model along when it is purged.
    assert "churn version 1" in mlflow.refused("runs/delete", run_id=run_id).message


def test_a_reader_changes_nothing(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    reader = member("other", Role.READER)
    refused = reader.refused("registered-models/create", name="x")
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")
    # Another workspace's model does not exist here.
    refused = reader.refused_get("registered-models/get", name="churn")
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_version_number_can_be_a_json_number(mlflow: Mlflow, run_id: str) -> None:
    create(mlflow)
    register(mlflow, f"runs:/{run_id}/m", run_id=run_id)
    mlflow.post("registered-models/alias", name="churn", alias="a", version=1)
    assert model_of(mlflow)["aliases"] == [{"alias": "a", "version": "1"}]


def test_the_token_of_a_run_registers_what_its_tree_logged(mlflow: Mlflow) -> None:
    own, other = mlflow.new_run(), mlflow.new_run()
    create(mlflow)
    user = User.objects.get(username="contributor-lab")
    run = Run.objects.get(run_id=own)
    token = create_run_token(run, user)
    script = Mlflow(Client(headers={"Authorization": f"Bearer {token}"}), run.workspace)
    assert register(script, f"runs:/{own}/m")["run_id"] == own
    refused = script.refused(
        "model-versions/create", name="churn", source=f"runs:/{other}/m"
    )
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")
    refused = script.refused(
        "registered-models/alias", name="churn", alias="best", version="1"
    )
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")
