"""`studio folder attach`: the files that commands, scripts and v1 tools read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.sdk import RunConfiguration
from studio.sdk.workspace import find_config
from tests.cli.command import CommandLine, command_line, new_run
from tests.parts.server import Server

ATTACHED = "attached/名 x"


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


def test_the_files_name_workspace_and_experiment(
    studio: CommandLine, tmp_path: Path
) -> None:
    words = ("-w", "default", "-g", "my group", "--subscription-id", "s-1")
    printed = studio.json("folder", "attach", *words)
    assert printed == {
        "Experiment name": tmp_path.name,
        "Project path": str(tmp_path),
        "Resource group": "my group",
        "Subscription id": "s-1",
        "Workspace name": "default",
    }
    config = find_config(tmp_path)
    assert config is not None
    assert (config.workspace, config.resource_group) == ("default", "my group")
    assert (config.experiment, config.subscription_id) == (tmp_path.name, "s-1")
    names = {file.name for file in (tmp_path / ".azureml").iterdir()}
    # There is one more for each compute target of the workspace.
    assert names >= {
        "conda_dependencies.yml",
        "config.json",
        "docker.runconfig",
        "local.runconfig",
        "sklearn.runconfig",
    }
    assert "outputs" in (tmp_path / ".amlignore").read_text().splitlines()


def test_the_run_configurations_can_be_loaded(
    studio: CommandLine, tmp_path: Path
) -> None:
    studio.json("folder", "attach")
    sklearn = RunConfiguration.load(str(tmp_path), "sklearn")
    packages = sklearn.environment.python.conda_dependencies
    assert "scikit-learn" in packages.conda_packages
    docker = RunConfiguration.load(str(tmp_path), "docker")
    assert docker.docker.use_docker is True


def test_changed_files_are_kept(studio: CommandLine, tmp_path: Path) -> None:
    studio.json("folder", "attach", "-e", "one")
    changed = tmp_path / ".azureml/local.runconfig"
    changed.write_text("script: mine.py\n")
    studio.json("folder", "attach", "-e", "two")
    assert changed.read_text() == "script: mine.py\n"
    config = find_config(tmp_path)
    assert config is not None
    assert config.experiment == "two"


def test_commands_in_the_folder_use_its_experiment(
    studio: CommandLine, server: Server, tmp_path: Path
) -> None:
    studio.json("folder", "attach", "-e", ATTACHED)
    words = ("run", "list", "--query", "[].run_id")
    empty = studio(*words)
    assert json.loads(empty.stdout) == []
    assert "of this folder has no runs" in empty.stderr
    new_run(server, "attached-1", ATTACHED)
    new_run(server, "attached-2", "another")
    assert studio.json(*words) == ["attached-1"]
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    assert CommandLine(below, server.environment).json(*words) == ["attached-1"]
    assert studio.json(*words, "--path", "a") == ["attached-1"]
    assert "attached-2" in studio.json(*words, "-e", "another")


def test_a_missing_folder_is_refused(studio: CommandLine, tmp_path: Path) -> None:
    code, sentence = studio.refused("folder", "attach", "--path", "nosuch")
    assert (code, "There is no folder 'nosuch'." in sentence) == (2, True)
    assert list(tmp_path.glob(".azureml")) == []


def test_without_a_server_nothing_is_written(tmp_path: Path) -> None:
    assert CommandLine(tmp_path).refused("folder", "attach")[0] == 1
    assert list(tmp_path.glob(".a*")) == []
