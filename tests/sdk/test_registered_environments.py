"""Environments that scripts register on the server, and save to folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.errors import InvalidName, InvalidValue, NotFound
from studio.sdk import (
    Environment,
    Experiment,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from studio.sdk.client import Client
from studio.sdk.errors import UserErrorException
from studio.sdk.submission.run_configuration import to_content
from tests.parts.owner_token import owner_token
from tests.parts.server import Server

NAME = "trees"


@pytest.fixture(scope="module")
def owner(server: Server) -> Client:
    token = owner_token(server.home, server.environment)
    return Client(server.url, token, "default")


@pytest.fixture
def workspace(sdk_variables: None, owner: Client) -> Iterator[Workspace]:
    """The shared server's workspace, without the environments of other tests."""
    del sdk_variables
    delete_environments(owner)
    yield Workspace.from_config()
    delete_environments(owner)


def delete_environments(owner: Client) -> None:
    for one in owner.get("environments")["environments"]:
        owner.delete(f"environments/{one['name']}")


def pip_environment(*packages: str, name: str = NAME) -> Environment:
    created = Environment(name)
    created.environment_variables = {"OMP_NUM_THREADS": "1"}
    for package in packages:
        created.python.conda_dependencies.add_pip_package(package)
    return created


def test_a_registered_environment_is_read_back(workspace: Workspace) -> None:
    registered = pip_environment("numpy==2.0").register(workspace)
    assert (registered.name, registered.version) == (NAME, "1")
    found = Environment.get(workspace, NAME)
    assert found.python.conda_dependencies.pip_packages == ["numpy==2.0"]
    assert found.environment_variables == {"OMP_NUM_THREADS": "1"}
    assert repr(found) == "Environment(Name: trees,\nVersion: 1)"


def test_other_content_is_a_new_version(workspace: Workspace) -> None:
    pip_environment("numpy").register(workspace)
    changed = Environment.get(workspace, NAME)
    changed.python.conda_dependencies.add_pip_package("scipy")
    assert changed.register(workspace).version == "2"
    assert pip_environment("numpy").register(workspace).version == "1"
    first = Environment.get(workspace, NAME, version="1")
    assert first.python.conda_dependencies.pip_packages == ["numpy"]
    assert Environment.get(workspace, NAME).version == "2"


def test_all_are_listed_by_name(workspace: Workspace) -> None:
    pip_environment("numpy").register(workspace)
    pip_environment("torch", name="images").register(workspace)
    assert list(workspace.environments) == ["images", NAME]
    assert {n: e.version for n, e in Environment.list(workspace).items()} == {
        "images": "1",
        NAME: "1",
    }
    with pytest.raises(KeyError, match="The environments are: images, trees"):
        workspace.environments["forest"]


def test_an_unknown_name_or_version_is_explained(workspace: Workspace) -> None:
    pip_environment().register(workspace)
    with pytest.raises(NotFound, match=r"no environment 'forest'\. It has: trees"):
        Environment.get(workspace, "forest")
    with pytest.raises(NotFound, match=r"no version 3\. Its newest version is 1"):
        Environment.get(workspace, NAME, "3")
    with pytest.raises(UserErrorException, match="must be a number, not 'latest'"):
        Environment.get(workspace, NAME, "latest")


@pytest.mark.parametrize("name", ["a b", "../x", "", "x/y"])
def test_an_impossible_name_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises((InvalidName, InvalidValue)):
        Environment(name).register(workspace)


def test_a_run_records_name_and_version(
    workspace: Workspace, owner: Client, tmp_path: Path
) -> None:
    owner.post("compute", {"name": "of-environments"})
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "train.py").touch()
    config = ScriptRunConfig(
        str(folder),
        "train.py",
        environment=pip_environment("numpy").register(workspace),
        compute_target="of-environments",
    )
    run = Experiment(workspace, "environments").submit(config)
    used = run.get_environment()
    assert (used.name, used.version) == (NAME, "1")
    run.cancel()
    owner.delete("compute/of-environments")


def test_a_changed_environment_has_no_version(workspace: Workspace) -> None:
    found = pip_environment("numpy").register(workspace)
    found.environment_variables["SEED"] = "1"
    config = RunConfiguration()
    config.environment = found
    assert to_content(config)["environment"]["version"] is None
    del found.environment_variables["SEED"]
    assert to_content(config)["environment"]["version"] == "1"


def test_a_saved_environment_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "trees"
    pip_environment("numpy").save_to_directory(str(folder))
    loaded = Environment.load_from_directory(str(folder))
    assert loaded.name == NAME
    assert loaded.environment_variables == {"OMP_NUM_THREADS": "1"}
    assert loaded.python.conda_dependencies.pip_packages == ["numpy"]
    with pytest.raises(UserErrorException, match="pass overwrite=True"):
        loaded.save_to_directory(str(folder))
    loaded.save_to_directory(str(folder), overwrite=True)


def test_settings_that_only_v1_has_are_kept(tmp_path: Path) -> None:
    content: dict[str, object] = {
        "name": NAME,
        "version": None,
        "inferencingStackVersion": "latest",
        "python": {"userManagedDependencies": True, "condaDependencies": None},
        "spark": {"packages": []},
    }
    (tmp_path / "azureml_environment.json").write_text(json.dumps(content))
    loaded = Environment.load_from_directory(str(tmp_path))
    assert loaded.python.user_managed_dependencies is True
    loaded.save_to_directory(str(tmp_path / "again"))
    again = json.loads((tmp_path / "again/azureml_environment.json").read_text())
    assert again["inferencingStackVersion"] == "latest"
    assert again["spark"] == {"packages": []}


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, "cannot be read"), ("{", "is not JSON"), ("[1]", "it has no name")],
)
def test_a_folder_without_an_environment_is_refused(
    tmp_path: Path, text: str | None, problem: str
) -> None:
    if text is not None:
        (tmp_path / "azureml_environment.json").write_text(text)
    with pytest.raises(UserErrorException, match=problem):
        Environment.load_from_directory(str(tmp_path))
