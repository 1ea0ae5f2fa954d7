"""Paths in a datastore, as v1 names them in datasets and in arguments of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from studio.sdk.data.consumption import input_variable
from studio.sdk.not_offered import not_offered

if TYPE_CHECKING:
    from studio.sdk.data.datastore import Datastore


class DataPath:
    """A file or folder of a datastore."""

    def __init__(
        self,
        datastore: Datastore | None = None,
        path_on_datastore: str | None = None,
        name: str | None = None,
    ) -> None:
        self.datastore, self.path_on_datastore = datastore, path_on_datastore
        self.name = name

    def create_data_reference(
        self, data_reference_name: str | None = None, **_more: Any
    ) -> DataReference:
        """The same place as a DataReference."""
        return DataReference(
            self.datastore, data_reference_name or "", self.path_on_datastore
        )

    def __repr__(self) -> str:
        store = self.datastore.name if self.datastore else None
        return f"{type(self).__name__}({store!r}, {self.path_on_datastore!r})"


class DataPathComputeBinding:
    """How a run gets a DataPath. The mode has no effect: runs get a local copy."""

    def __init__(
        self,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.mode, self.path_on_compute, self.overwrite = (
            mode,
            path_on_compute,
            overwrite,
        )


class DataReference(DataPath):
    """A file or folder of a datastore, as an input of a run.

    In `arguments` of a ScriptRunConfig it becomes the local path of its files.
    """

    def __init__(
        self,
        datastore: Datastore | None,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        super().__init__(datastore, path_on_datastore)
        self.data_reference_name = data_reference_name or None
        self.mode, self.path_on_compute, self.overwrite = (
            mode,
            path_on_compute,
            overwrite,
        )

    def path(
        self, path: str | None = None, data_reference_name: str | None = None
    ) -> DataReference:
        """A file or folder below this one."""
        parts = [one.strip("/") for one in (self.path_on_datastore, path) if one]
        name = data_reference_name or self.data_reference_name
        return DataReference(self.datastore, name, "/".join(parts))

    def to_config(self) -> DataReference:
        """Itself, for `run_config.data_references`."""
        return self

    def __str__(self) -> str:
        """The variable that a submitted script finds the path in."""
        if self.data_reference_name is None:
            return repr(self)
        return f"${input_variable(self.data_reference_name)}"

    def as_mount(self) -> DataReference:
        """Itself: a run gets a local copy."""
        return self

    def as_download(
        self, path_on_compute: str | None = None, overwrite: bool = False
    ) -> DataReference:
        """Itself: a run gets a local copy."""
        del path_on_compute, overwrite
        return self

    def as_upload(
        self, path_on_compute: str | None = None, overwrite: bool = False
    ) -> NoReturn:
        """Not offered: a run's files are its outputs."""
        raise not_offered(
            "A run doesn't write into a datastore. Write to `outputs`, whose files "
            "are uploaded to the run."
        )
