"""experiments/…: what clients create, find, change, delete and restore."""

import pytest

from tests.api.protocol import Mlflow, as_dict, member


def experiment(mlflow: Mlflow, number: str) -> dict[str, object]:
    found: dict[str, object] = mlflow.get("experiments/get", experiment_id=number)
    return found["experiment"]  # type: ignore[return-value]


def test_a_new_experiment_reads_back_by_id_and_by_name(mlflow: Mlflow) -> None:
    number = mlflow.new_experiment("e1", tags=[{"key": "a", "value": "b"}])
    seen = experiment(mlflow, number)
    assert seen["name"] == "e1"
    assert seen["experiment_id"] == number == "1"
    assert seen["artifact_location"] == "mlflow-artifacts:/1"
    assert seen["lifecycle_stage"] == "active"
    assert seen["tags"] == [{"key": "a", "value": "b"}]
    named = mlflow.get("experiments/get-by-name", experiment_name="e1")
    assert named == {"experiment": seen}


def test_the_default_experiment_exists_and_cannot_be_deleted(mlflow: Mlflow) -> None:
    assert experiment(mlflow, "0")["name"] == "Default"
    refused = mlflow.refused("experiments/delete", experiment_id="0")
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "runs without an experiment" in refused.message


def test_an_unknown_name_is_the_404_that_set_experiment_expects(mlflow: Mlflow) -> None:
    refused = mlflow.refused_get("experiments/get-by-name", experiment_name="none")
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_creating_an_existing_name_is_the_error_that_clients_expect(
    mlflow: Mlflow,
) -> None:
    number = mlflow.new_experiment("e1")
    mlflow.post("experiments/delete", experiment_id=number)
    refused = mlflow.refused("experiments/create", name="e1")
    assert (refused.status, refused.code) == (400, "RESOURCE_ALREADY_EXISTS")
    assert refused.message.startswith("Experiment(name=e1) already exists.")


@pytest.mark.parametrize("name", ["", None, "\u0000", "a\nb", "x" * 501, 5, {}, []])
def test_a_bad_name_is_refused(mlflow: Mlflow, name: object) -> None:
    refused = mlflow.refused("experiments/create", name=name)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "name" in refused.message


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", 1, None])
def test_a_bad_experiment_id_is_refused(mlflow: Mlflow, number: object) -> None:
    refused = mlflow.refused("experiments/delete", experiment_id=number)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "experiment_id" in refused.message


@pytest.mark.parametrize("number", ["77", "9" * 10, "9" * 40])
def test_an_unknown_experiment_is_not_found(mlflow: Mlflow, number: str) -> None:
    refused = mlflow.refused("experiments/restore", experiment_id=number)
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_deleting_hides_the_experiment_and_its_runs(mlflow: Mlflow) -> None:
    number = mlflow.new_experiment("e1")
    run_id = mlflow.new_run(number)
    assert mlflow.post("experiments/delete", experiment_id=number) == {}
    assert experiment(mlflow, number)["lifecycle_stage"] == "deleted"
    assert mlflow.run(run_id)["info"]["lifecycle_stage"] == "deleted"
    again = mlflow.refused("experiments/delete", experiment_id=number)
    assert (again.status, again.message) == (404, "No Experiment with id=1 exists")
    mlflow.post("experiments/restore", experiment_id=number)
    assert mlflow.run(run_id)["info"]["lifecycle_stage"] == "active"
    again = mlflow.refused("experiments/restore", experiment_id=number)
    assert again.status == 404


def test_writes_to_a_deleted_experiment_are_refused(mlflow: Mlflow) -> None:
    number = mlflow.new_experiment("e1")
    mlflow.post("experiments/delete", experiment_id=number)
    at = {"experiment_id": number}
    state = (
        "The experiment 1 must be in the 'active' state. Current state is deleted. "
        "It is in the trash: restore it, or use another name."
    )
    made = mlflow.refused("experiments/create", name="e1")
    assert made.message.endswith("in the trash: restore it, or use another name.")
    assert mlflow.refused("runs/create", **at).message == state
    tag = mlflow.refused("experiments/set-experiment-tag", **at, key="a", value="b")
    assert (tag.status, tag.message) == (400, state)
    rename = mlflow.refused("experiments/update", **at, new_name="e2")
    assert (rename.status, rename.message) == (
        400,
        "Cannot rename a non-active experiment.",
    )


def test_renaming_onto_another_is_refused(mlflow: Mlflow) -> None:
    number = mlflow.new_experiment("e1")
    mlflow.new_experiment("e2")
    refused = mlflow.refused("experiments/update", experiment_id=number, new_name="e2")
    assert (refused.status, refused.code) == (400, "RESOURCE_ALREADY_EXISTS")
    mlflow.post("experiments/update", experiment_id=number, new_name="e3")
    assert experiment(mlflow, number)["name"] == "e3"


def test_an_old_name_is_free_for_scripts(mlflow: Mlflow) -> None:
    number = mlflow.new_experiment("e1")
    mlflow.post("experiments/update", experiment_id=number, new_name="e2")
    refused = mlflow.refused_get("experiments/get-by-name", experiment_name="e1")
    assert refused.status == 404
    other = mlflow.new_experiment("e1")
    found = mlflow.get("experiments/get-by-name", experiment_name="e1")
    assert found["experiment"]["experiment_id"] == other != number
    # Another experiment keeps its name while this one is in the trash and back.
    mlflow.post("experiments/delete", experiment_id=number)
    mlflow.post("experiments/restore", experiment_id=number)
    assert experiment(mlflow, number)["name"] == "e2"


def test_tags_are_set_replaced_and_deleted(mlflow: Mlflow) -> None:
    at = {"experiment_id": mlflow.new_experiment("e1")}
    mlflow.post("experiments/set-experiment-tag", **at, key="a", value="1")
    mlflow.post("experiments/set-experiment-tag", **at, key="a", value="2")
    mlflow.post("experiments/set-experiment-tag", **at, key="empty", value="")
    tags = as_dict(experiment(mlflow, "1")["tags"])  # type: ignore[arg-type]
    assert tags == {"a": "2", "empty": ""}
    mlflow.post("experiments/delete-experiment-tag", **at, key="a")
    missing = mlflow.refused("experiments/delete-experiment-tag", **at, key="a")
    assert (missing.status, missing.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_the_note_is_the_description(mlflow: Mlflow) -> None:
    at = {"experiment_id": mlflow.new_experiment("e1")}
    note = "mlflow.note.content"
    mlflow.post("experiments/set-experiment-tag", **at, key=note, value="# hello")
    assert mlflow.workspace.experiments.get(number=1).description == "# hello"
    mlflow.post("experiments/delete-experiment-tag", **at, key=note)
    assert mlflow.workspace.experiments.get(number=1).description == ""
    assert experiment(mlflow, "1")["tags"] == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("s3://bucket/x/", "s3://bucket/x"),
        ("file:///tmp/mlruns", "mlflow-artifacts:/1"),
        ("./mlruns", "mlflow-artifacts:/1"),
        ("mlflow-artifacts:/elsewhere", "mlflow-artifacts:/1"),
    ],
)
def test_only_a_storage_address_that_clients_can_reach_is_kept(
    mlflow: Mlflow, given: str, kept: str
) -> None:
    number = mlflow.new_experiment("e1", artifact_location=given)
    assert experiment(mlflow, number)["artifact_location"] == kept
    run = mlflow.run(mlflow.new_run(number))["info"]
    assert run["artifact_uri"] == f"{kept}/{run['run_id']}/artifacts"


def test_an_unknown_storage_is_refused(mlflow: Mlflow) -> None:
    refused = mlflow.refused(
        "experiments/create", name="e1", artifact_location="javascript:alert(1)"
    )
    assert refused.code == "INVALID_PARAMETER_VALUE"
    assert "artifact_location" in refused.message


def test_a_path_without_a_workspace_means_the_workspace_of_the_token(
    mlflow: Mlflow,
) -> None:
    mlflow.new_experiment("e1")
    bare = Mlflow(mlflow.client, mlflow.workspace, base="")
    answer = bare.client.get("/api/2.0/mlflow/experiments/get?experiment_id=1")
    assert answer.json()["experiment"]["name"] == "e1"


def test_workspaces_do_not_see_each_other(mlflow: Mlflow) -> None:
    mlflow.new_experiment("e1")
    other = member("elsewhere")
    assert other.refused_get("experiments/get", experiment_id="1").status == 404
    assert other.new_experiment("e1") == "1"
