"""Registered datasets by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from studio.sdk.data.file_dataset import FileDataset
from studio.sdk.data.registrations import Registrations
from studio.sdk.data.sources import source_from_json
from studio.sdk.data.tables import TabularFormat
from studio.sdk.data.tabular_dataset import TabularDataset
from studio.sdk.errors import UserErrorException
from studio.sdk.value_conversion import as_version

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace


class RegisteredDatasets(Mapping[str, "FileDataset | TabularDataset"]):
    """The newest versions by name. Each is read from the server when it is used."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stored = Registrations(workspace)

    def __getitem__(self, name: str) -> FileDataset | TabularDataset:
        try:
            return self.get_version(name, "latest")
        except UserErrorException as error:
            raise KeyError(error.message) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored.versions)

    def __len__(self) -> int:
        return len(self._stored.versions)

    def get_version(
        self, name: str, version: int | str
    ) -> FileDataset | TabularDataset:
        """A version of a dataset. Raises UserErrorException for an unknown one."""
        versions = self._stored.versions.get(name)
        if not versions:
            known = ", ".join(self._stored.versions) or "none"
            raise UserErrorException(
                f"There is no dataset {name!r} in the workspace. The registered "
                f"datasets are: {known}."
            )
        number = versions[-1] if version in ("latest", None) else as_version(version)
        if number not in versions:
            raise UserErrorException(
                f"The dataset {name!r} has no version {version}. Its versions are: "
                f"{', '.join(map(str, versions))}."
            )
        content = self._stored.read(name, number)
        dataset = dataset_from_json(self._workspace, content)
        return dataset._registered(self._workspace, name, number, content)


def dataset_from_json(
    workspace: Workspace, content: Mapping[str, Any]
) -> FileDataset | TabularDataset:
    """The dataset that `_to_json` has written."""
    sources = tuple(source_from_json(workspace, one) for one in content["sources"])
    if content["kind"] == FileDataset.kind:
        chosen = content.get("chosen")
        return FileDataset(sources, None if chosen is None else tuple(chosen))
    form = dict(content["format"])
    form["types"] = tuple((key, kind) for key, kind in form.get("types") or ())
    steps = tuple(tuple(one) for one in content.get("steps") or ())
    return TabularDataset(sources, TabularFormat(**form), steps)
