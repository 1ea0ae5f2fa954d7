"""Registered models and the key vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import Immutable, InvalidName, PermissionDenied
from studio.sdk import Experiment, Workspace
from studio.sdk.errors import (
    ModelNotFoundException,
    NotSupportedError,
    UserErrorException,
)
from studio.sdk.models import Model
from tests.parts.owner_token import owner_token
from tests.parts.server import Server


def test_a_run_registers_its_files_as_a_model(
    workspace: Workspace, tmp_path: Path
) -> None:
    experiment = Experiment(workspace, "models-of-runs")
    with experiment.start_logging(snapshot_directory=None, outputs=False) as run:
        Path("model.bin").write_bytes(b"weights")
        run.upload_file("outputs/net/model.bin", "model.bin")
        run.upload_file("outputs/net/deep/more.bin", "model.bin")
        run.flush()
        model = run.register_model(
            "net", "outputs/net", tags={"area": "digits"}, model_framework="PyTorch"
        )
        file = run.register_model("net", "outputs/net/model.bin", properties={"a": "1"})
        child = run.child_run("part")
        own = child.register_model("part", "model.bin")
        child.complete()
        with pytest.raises(UserErrorException, match=r"no file or folder 'outputs/x'"):
            run.register_model("net", "outputs/x")
    assert (model.version, file.version, file.id) == (1, 2, "net:2")
    assert own.run_id == child.id != run.id
    assert (model.run_id, model.tags) == (run.id, {"area": "digits"})
    assert model.download(str(tmp_path / "a")) == str(tmp_path / "a/net")
    assert (tmp_path / "a/net/deep/more.bin").read_bytes() == b"weights"
    assert file.download(str(tmp_path / "b")) == str(tmp_path / "b/model.bin")
    with pytest.raises(UserErrorException, match="exists already"):
        file.download(str(tmp_path / "b"))
    assert file.download(str(tmp_path / "b"), exist_ok=True)


def test_local_files_are_registered_and_found(workspace: Workspace) -> None:
    Path("trained").mkdir()
    Path("trained/w.txt").write_text("1")
    first = Model.register(workspace, "trained", "local net", {"k": 5}, description="d")
    Model.register(workspace, "trained/w.txt", "local net", properties={"auc": 0.9})
    newest = Model(workspace, "local net")
    assert (newest.version, newest.properties) == (2, {"auc": "0.9"})
    assert Model(workspace, id=first.id).description == "d"
    assert Model(workspace, "local net", version=1).tags == {"k": "5"}
    assert Model(workspace, "local net", tags=[["k", "5"]]).version == 1
    listed = Model.list(workspace, name="local net")
    assert [one.version for one in listed] == [2, 1]
    assert [one.version for one in Model.list(workspace, "local net", latest=True)] == [
        2
    ]
    assert workspace.models["local net"].version == 2
    newest.add_tags({"stage": "test"})
    newest.add_properties({"loss": 1})
    newest.update(tags={"stage": "live"}, description="new")
    again = Model(workspace, "local net")
    assert (again.tags, again.description) == ({"stage": "live"}, "new")
    assert again.properties == {"auc": "0.9", "loss": "1"}
    with pytest.raises(Immutable, match="can't be changed"):
        again.add_properties({"loss": 2})
    assert again.serialize()["id"] == "local net:2"
    for _time in range(2):
        path = Model.get_model_path("local net", _workspace=workspace)
        assert path == str(Path("azureml-models/local net/2/w.txt"))


def test_a_reader_lists_models(
    workspace: Workspace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("w.txt").write_text("1")
    Model.register(workspace, "w.txt", "read by all")
    token = owner_token(server.home, server.environment, "READER")
    monkeypatch.setenv("STUDIO_TOKEN", token)
    reader = Workspace.from_config()
    with pytest.raises(PermissionDenied):
        Model.register(reader, "w.txt", "read by all")
    assert [one.version for one in Model.list(reader, "read by all")] == [1]


def test_a_model_that_does_not_exist_is_one_sentence(workspace: Workspace) -> None:
    with pytest.raises(ModelNotFoundException, match="There is no model 'none'"):
        Model(workspace, "none")
    with pytest.raises(UserErrorException, match="no file or folder 'gone'"):
        Model.register(workspace, "gone", "net")
    Path("w.txt").write_text("1")
    with pytest.raises(InvalidName, match="Invalid model name 'a/b'"):
        Model.register(workspace, "w.txt", "a/b")
    with pytest.raises(NotSupportedError, match=r"models serve`\. See http"):
        Model.deploy(workspace, "service", [])
    with pytest.raises(NotSupportedError, match=r"have Workspace\.webservices: d"):
        getattr(workspace, "webservices")  # noqa: B009 (type checkers know it)
    assert not hasattr(workspace, "other")


def test_names_of_models_can_have_dots(workspace: Workspace) -> None:
    Path("folder/deep").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "deep/c.txt"):
        Path("folder", name).write_text(name)
    name = "sklearn_regression_model.pkl"
    for number in (1, 2):
        model = Model.register(workspace, "folder", name, child_paths=["a.txt", "deep"])
        assert (model.name, model.version) == (name, number)
    assert [one.version for one in Model.list(workspace, name)] == [2, 1]
    with pytest.raises(ModelNotFoundException):
        Model(workspace, name.replace(".", "~"))
    got = Path(Model.get_model_path(name, _workspace=workspace))
    files = [one.relative_to(got) for one in sorted(got.rglob("*")) if one.is_file()]
    assert files == [Path("a.txt"), Path("deep/c.txt")]
    with pytest.raises(InvalidName, match="Invalid model name"):
        Model.register(workspace, "folder", "..")


def test_an_upload_that_was_cut_off_takes_no_version(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("w.txt").write_text("1")
    with monkeypatch.context() as patch:
        patch.setattr("studio.sdk.models.model.register_version", None)
        with pytest.raises(TypeError):
            Model.register(workspace, "w.txt", "often cut")
    versions = [
        Model.register(workspace, "w.txt", "often cut").version for _time in range(2)
    ]
    assert versions == [1, 2]


def test_a_number_is_not_used_again_after_its_version_was_deleted(
    workspace: Workspace,
) -> None:
    Path("w.txt").write_text("1")
    model = Model.register(workspace, "w.txt", "short lived")
    model.delete()
    with pytest.raises(ModelNotFoundException):
        Model(workspace, "short lived")
    assert Model.list(workspace, "short lived") == []
    assert Model.register(workspace, "w.txt", "short lived").version == 2


def test_lists_have_the_versions_of_a_run_and_a_framework(workspace: Workspace) -> None:
    experiment = Experiment(workspace, "models-of-runs")
    Path("w.txt").write_text("1")
    with experiment.start_logging(snapshot_directory=None, outputs=False) as run:
        run.upload_file("w.txt", "w.txt")
        run.flush()
        made = run.register_model("listed", "w.txt", model_framework="Onnx")
    Model.register(workspace, "w.txt", "listed", tags={"k": "v"})
    assert [one.id for one in Model.list(workspace, run_id=run.id)] == [made.id]
    found = Model.list(workspace, "listed", model_framework="Onnx", latest=True)
    assert [one.id for one in found] == ["listed:1"]
    assert Model(workspace, "listed", run_id=run.id).version == 1
    with pytest.raises(ModelNotFoundException):
        Model(workspace, "listed", version=2, run_id=run.id)
    ids = [one.id for one in Model.list(workspace, page_count=1)]
    assert ids.index("listed:2") < ids.index("listed:1")
    assert made.aliases == []
    assert made.url == "models:/listed/1"


def test_a_folder_with_unusual_characters_is_registered(
    workspace: Workspace, tmp_path: Path
) -> None:
    Path("50% #1?").mkdir()
    Path("50% #1?/a b.txt").write_text("text")
    model = Model.register(workspace, "50% #1?", "odd 名")
    top = Path(model.download(tmp_path / "got"))
    assert (top.name, (top / "a b.txt").read_text()) == ("50% #1?", "text")


def test_owners_set_secrets_that_the_environment_has(
    owned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = owned.get_default_keyvault()
    vault.set_secret("my-key", "a long secret")
    vault.set_secrets({"OTHER_KEY": "another secret"})
    names = [one["name"] for one in vault.list_secrets()]
    assert {"my_key", "OTHER_KEY"} <= set(names)
    # The server gives values only to the agents of runs.
    with pytest.raises(UserErrorException, match="has no secret 'my-key'"):
        vault.get_secret("my-key")
    monkeypatch.setenv("my_key", "a long secret")
    assert vault.get_secrets(["my-key"]) == {"my-key": "a long secret"}
    vault.delete_secrets(["my-key", "OTHER_KEY"])
    with pytest.raises(UserErrorException, match="no secret 'my_key'"):
        vault.delete_secret("my-key")


def test_contributors_set_no_secrets(workspace: Workspace) -> None:
    with pytest.raises(PermissionDenied):
        workspace.get_default_keyvault().set_secret("KEY", "a long secret")
