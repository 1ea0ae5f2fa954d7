"""Inputs of a run that an agent executes: placed on its machine, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.core.job_files import JobFile
from studio.runner.job.job_inputs import InputsFailed, input_paths, with_inputs
from studio.sdk import ScriptRunConfig, Workspace
from studio.sdk.data import Dataset, OutputFileDatasetConfig
from studio.sdk.errors import UserErrorException
from studio.sdk.submission.definitions import definition_of


@pytest.fixture
def sources(workspace: Workspace) -> Path:
    del workspace
    folder = Path("src")
    folder.mkdir()
    (folder / "train.py").write_text("")
    (folder / "data.csv").write_text("a,b\n1,2\n")
    return folder


def _job(workspace: Workspace, definition: dict[str, Any], launcher: str) -> JobFile:
    client = workspace._connection.client
    return JobFile(
        client.url,
        client.workspace,
        "run",
        "experiment",
        definition,
        client.token,
        {},
        launcher=launcher,
    )


def _definition(sources: Path, arguments: list[Any], target: str) -> dict[str, Any]:
    config = ScriptRunConfig(str(sources), "train.py", arguments)
    config.run_config.target = target
    return definition_of(config)[0]


@pytest.mark.parametrize("links", [True, False])
def test_an_agent_places_files_of_the_datastore(
    workspace: Workspace, sources: Path, tmp_path: Path, links: bool
) -> None:
    store = workspace.get_default_datastore()
    store.upload(str(sources), "agents", overwrite=True, show_progress=False)
    one = Dataset.File.from_files((store, "agents/data.csv"))
    some = Dataset.File.from_files((store, "agents/*.csv"))
    arguments = [
        one.as_named_input("file").as_mount(),
        some.as_named_input("files").as_download(),
        store.path("agents", "folder").as_mount(),
        OutputFileDatasetConfig("report"),
    ]
    definition = _definition(sources, arguments, "gpu")
    assert definition["arguments"] == [
        *(f"DatasetConsumptionConfig:{name}" for name in ("file", "files", "folder")),
        "outputs/report",
    ]
    job = _job(workspace, definition, "agent")
    placed = with_inputs(job, tmp_path, tmp_path / "code", links=links).definition
    file, files, folder, output = placed["arguments"]
    assert Path(file).read_text() == "a,b\n1,2\n"
    assert [one.name for one in Path(files).iterdir()] == ["data.csv"]
    assert (one.as_mount().mode, one.as_download().mode) == ("mount", "download")
    assert {one.name for one in Path(folder).iterdir()} == {"data.csv", "train.py"}
    assert (tmp_path / "code" / output).is_dir()
    variables = placed["environmentVariables"]
    assert variables["AZUREML_DATAREFERENCE_file"] == file
    paths = input_paths(_job(workspace, placed, "agent"))
    assert paths == [Path(file), Path(files), Path(folder)]


def test_a_command_can_have_datasets(
    workspace: Workspace, sources: Path, tmp_path: Path
) -> None:
    local = Dataset.File.from_files(str(sources / "data.csv")).as_named_input("table")
    output = OutputFileDatasetConfig("report")
    command = ["cat", local.as_mount(), output, 3]
    definition = definition_of(ScriptRunConfig(str(sources), command=command))[0]
    job = _job(workspace, definition, "runner")
    placed = with_inputs(job, tmp_path, tmp_path, links=True).definition
    path = str(sources.absolute() / "data.csv")
    assert placed["command"] == ["cat", path, "outputs/report", "3"]
    assert (tmp_path / "outputs/report").is_dir()
    for_shell = ScriptRunConfig(str(sources), command=["ls", "&&", *command])
    with pytest.raises(UserErrorException, match="&& or other words of a shell"):
        definition_of(for_shell)
    for_shell.run_config.command = ["ls", ">", output]
    assert definition_of(for_shell)[0]["command"] == "ls > outputs/report"


def test_files_of_this_machine_are_refused_for_an_agent(
    workspace: Workspace, sources: Path, tmp_path: Path
) -> None:
    local = Dataset.File.from_files(str(sources)).as_named_input("src").as_mount()
    with pytest.raises(UserErrorException, match="agents of gpu don't have it"):
        _definition(sources, [local], "gpu")
    # Another client can have written the definition.
    definition = {**_definition(sources, [local], "local"), "target": "gpu"}
    job = _job(workspace, definition, "agent")
    with pytest.raises(InputsFailed, match="agents of gpu don't have it"):
        with_inputs(job, tmp_path, tmp_path, links=True)


def test_references_of_a_run_configuration_become_paths(
    workspace: Workspace, sources: Path, tmp_path: Path
) -> None:
    store = workspace.get_default_datastore()
    store.upload(str(sources), "references", overwrite=True, show_progress=False)
    reference = store.path("references/data.csv", "table").as_mount()
    config = ScriptRunConfig(str(sources), "train.py", ["--data", str(reference)])
    config.run_config.data_references = {"table": reference.to_config()}
    definition = definition_of(config)[0]
    assert definition["arguments"] == ["--data", "$AZUREML_DATAREFERENCE_table"]
    job = _job(workspace, definition, "agent")
    placed = with_inputs(job, tmp_path, tmp_path, links=True).definition
    path = placed["environmentVariables"]["AZUREML_DATAREFERENCE_table"]
    assert placed["arguments"] == ["--data", path]
    assert Path(path).read_text() == "a,b\n1,2\n"
    config.run_config.data = {"other": "no dataset"}
    with pytest.raises(UserErrorException, match="The input 'other' must be a dataset"):
        definition_of(config)


def test_a_name_of_an_input_is_no_path(
    workspace: Workspace, sources: Path, tmp_path: Path
) -> None:
    """A definition can be written by hand; its names become folders."""
    local = Dataset.File.from_files(str(sources / "*.csv")).as_named_input("x")
    definition = _definition(sources, [local.as_mount()], "local")
    definition["data"] = {"../../escaped": definition["data"]["x"]}
    job = _job(workspace, definition, "runner")
    with pytest.raises(InputsFailed, match="can't be the name of an input"):
        with_inputs(job, tmp_path / "a" / "b", tmp_path, links=True)
    assert not (tmp_path / "escaped").exists()


def test_files_that_are_gone_fail_the_run_in_one_sentence(
    workspace: Workspace, sources: Path, tmp_path: Path
) -> None:
    local = Dataset.File.from_files(str(sources / "data.csv"))
    definition = _definition(sources, [local.as_named_input("x").as_mount()], "local")
    (sources / "data.csv").unlink()
    with pytest.raises(InputsFailed, match=r"no file or folder '.*data\.csv' on this"):
        with_inputs(
            _job(workspace, definition, "runner"), tmp_path, tmp_path, links=True
        )


def test_two_inputs_need_two_names(sources: Path) -> None:
    first = Dataset.File.from_files(str(sources)).as_named_input("x").as_mount()
    second = Dataset.File.from_files(str(sources / "data.csv")).as_named_input("x")
    with pytest.raises(UserErrorException, match="Two inputs are named 'x'"):
        _definition(sources, [first, second], "local")
    with pytest.raises(UserErrorException, match="'a b' can't be the name"):
        Dataset.File.from_files(str(sources)).as_named_input("a b")
