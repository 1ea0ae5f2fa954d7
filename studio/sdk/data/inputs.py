"""Datasets as inputs of submitted runs.

In the definition of a run, an argument is a placeholder, and `data` has the dataset.
What executes the run places the files on its machine and replaces the placeholder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.sdk.data.base import AbstractDataset
from studio.sdk.data.consumption import (
    DIRECT,
    INPUT_PREFIX,
    DatasetConsumptionConfig,
    OutputFileDatasetConfig,
    check_input_name,
    input_variable,
    placeholder_of,
)
from studio.sdk.data.file_dataset import FileDataset
from studio.sdk.data.references import DataPath
from studio.sdk.data.registered import dataset_from_json
from studio.sdk.data.sources import parse_source
from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace


def read_outputs(arguments: list[Any]) -> dict[str, Any]:
    """What `outputData` of a definition has for the outputs in arguments."""
    found = [one for one in arguments if isinstance(one, OutputFileDatasetConfig)]
    return {one.name: {"path": str(one)} for one in found}


def read_inputs(
    arguments: list[Any], more: list[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """What `data` of a definition has for the datasets in arguments and inputs.

    Raises UserErrorException for two inputs of one name, and for an input that is no
    dataset.
    """
    found: dict[str, Any] = {}
    inputs = [_required_input(one) for one in more]
    inputs += [_required_input(one, name) for name, one in named.items()]
    for config in (*map(_input_of, arguments), *inputs):
        if config is None:
            continue
        content = {"mode": config.mode, "dataset": config.dataset._to_json()}
        if config.dataset.id:
            content["id"] = config.dataset.id
        if found.setdefault(config.name, content) != content:
            raise UserErrorException(f"Two inputs are named {config.name!r}.")
    return found


def argument_text(value: Any) -> str:
    """The text of an argument in a definition."""
    config = _input_of(value)
    return str(value if config is None else config)


def refuse_local_files(inputs: Mapping[str, Any], target: str) -> None:
    """Raise UserErrorException for files of this machine, which an agent lacks."""
    for name, content in inputs.items():
        local = [
            one["local"] for one in content["dataset"]["sources"] if "local" in one
        ]
        if local:
            raise UserErrorException(
                f"The input {name!r} is {local[0]} on this machine, and the agents of "
                f"{target} don't have it. Upload it with "
                "workspace.get_default_datastore().upload(…), and use its path there."
            )


def _required_input(value: Any, name: str = "") -> DatasetConsumptionConfig:
    config = _input_of(value)
    if config is None:
        raise UserErrorException(
            f"The input {name or value!r} must be a dataset or datastore.path(…), not "
            f"{type(value).__name__}."
        )
    if name and config.name != name:
        config = DatasetConsumptionConfig(name, config.dataset, config.mode)
    return config


def _input_of(value: Any) -> DatasetConsumptionConfig | None:
    if isinstance(value, DatasetConsumptionConfig):
        return value
    if isinstance(value, DataPath):
        files = FileDataset((parse_source(value),))
        name = getattr(value, "data_reference_name", None) or value.name
        config = files.as_named_input(name) if name else files._as_unnamed_input()
        return config.as_mount()
    if isinstance(value, AbstractDataset):
        return value._as_unnamed_input().as_mount()
    return None


def inputs_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The datasets in a definition. Settings of v1 in the same place are left out."""
    found = definition.get("data") or {}
    return {
        name: content
        for name, content in found.items()
        if isinstance(content, dict) and "dataset" in content
    }


def place_inputs(
    workspace: Workspace, inputs: Mapping[str, Any], folder: Path, *, links: bool
) -> dict[str, str]:
    """Place the files of inputs with a path; returns the texts of all placeholders.

    With `links`, files of this machine are not copied. Raises UserErrorException if a
    dataset has no files any more.
    """
    texts = {}
    for name, content in inputs.items():
        # A definition can be written by hand, and the name becomes a folder.
        placeholder = placeholder_of(check_input_name(name))
        if content["mode"] == DIRECT:
            texts[placeholder] = str(content.get("id") or f"{INPUT_PREFIX}{name}")
            continue
        dataset = dataset_from_json(workspace, content["dataset"])
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        path = str(dataset._place(own, links=links))
        texts[placeholder] = texts[f"${input_variable(name)}"] = path
    return texts


class InputDatasets(Mapping[str, Any]):
    """The inputs of a submitted run by name: paths, or datasets."""

    def __init__(
        self,
        workspace: Workspace,
        inputs: Mapping[str, Any],
        variables: Mapping[str, str],
    ) -> None:
        self._workspace, self._inputs, self._variables = workspace, inputs, variables

    def __getitem__(self, name: str) -> Any:
        content = self._inputs[name]
        if content["mode"] == DIRECT:
            dataset = dataset_from_json(self._workspace, content["dataset"])
            registered, _colon, version = str(content.get("id") or "").rpartition(":")
            if not registered or not version.isdecimal():
                return dataset
            return dataset._registered(
                self._workspace, registered, int(version), content["dataset"]
            )
        return self._variables[input_variable(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)
