"""What datasets of files and of tables have in common."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from studio.sdk.data.consumption import DatasetConsumptionConfig
from studio.sdk.data.registrations import Registrations
from studio.sdk.data.sources import DataFile, LocalSource, Source
from studio.sdk.errors import UserErrorException
from studio.sdk.not_offered import missing_attribute

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

_FRAME = "call to_pandas_dataframe() first, which has such methods"
_AGAIN = "register it once more with create_new_version=True"
#: Methods of v1's datasets, and what to do instead.
_NOT_OFFERED = {
    "to_spark_dataframe": _FRAME,
    "to_dask_dataframe": _FRAME,
    "to_csv_files": _FRAME,
    "to_parquet_files": _FRAME,
    "get_profile": _FRAME,
    "submit_profile_run": _FRAME,
    "partition_by": _FRAME,
    "get_partition_key_values": _FRAME,
    "update": _AGAIN,
    "add_tags": _AGAIN,
    "remove_tags": _AGAIN,
    "as_hdfs": "pass as_mount(), which is a local path",
    "as_cache": "pass as_mount(), which is a local path",
    "file_metadata": "call download(), and read the files' metadata",
}

_Own = TypeVar("_Own", bound="AbstractDataset")


class AbstractDataset:
    """Files, and what a registration adds: name, version, description, tags."""

    kind: ClassVar[str] = ""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources
        self.name: str | None = None
        self.version: int | None = None
        self.description: str | None = None
        self.tags: dict[str, str] = {}
        self._workspace: Workspace | None = None

    if not TYPE_CHECKING:
        # Type checkers report every unknown name.
        def __getattr__(self, name: str) -> Any:
            raise missing_attribute(self, name, _NOT_OFFERED)

    @property
    def id(self) -> str | None:
        """Name and version of a registered dataset; None of another one."""
        return f"{self.name}:{self.version}" if self.name else None

    def register(
        self: _Own,
        workspace: Workspace,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,
    ) -> _Own:
        """Store where the files are under a name; returns the registered dataset.

        The files stay where they are: those of this machine can't be read from
        another one. Raises UserErrorException if another dataset has the name, unless
        `create_new_version`.
        """
        content = {
            **self._to_json(),
            "description": description or "",
            "tags": {key: str(value) for key, value in (tags or {}).items()},
        }
        version = Registrations(workspace).add(
            name, content, is_new_version=create_new_version
        )
        return self._registered(workspace, name, version, content)

    def _registered(
        self: _Own,
        workspace: Workspace,
        name: str,
        version: int,
        content: Mapping[str, Any],
    ) -> _Own:
        """The same files with what their registration says."""
        found = copy.copy(self)
        found._workspace, found.name, found.version = workspace, name, version
        found.description = content.get("description") or None
        found.tags = dict(content.get("tags") or {})
        return found

    def unregister_all_versions(self) -> None:
        """Forget the name. The files stay."""
        if self.name and self._workspace is not None:
            Registrations(self._workspace).remove(self.name)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """The dataset as an input of a submitted run."""
        return DatasetConsumptionConfig(name, self)

    def _as_unnamed_input(self) -> DatasetConsumptionConfig:
        """An input with a name of its own, which depends on the files alone."""
        text = json.dumps(self._to_json(), sort_keys=True)
        return self.as_named_input(f"input_{sha256(text.encode()).hexdigest()[:8]}")

    def _list_files(self) -> list[DataFile]:
        """All files. Raises UserErrorException if a source has none."""
        found: dict[str, DataFile] = {}
        for number, source in enumerate(self._sources):
            for file in source.list_files():
                # Files of two folders can have the same name.
                relative = file.relative
                if relative in found:
                    relative = f"{number}/{relative}"
                found[relative] = DataFile(relative, file.source, file.path)
        return list(found.values())

    def _copy_files(
        self, folder: Path, *, links: bool = False, overwrite: bool = False
    ) -> list[Path]:
        """Write the files below the folder; with `links`, local ones as links.

        Raises UserErrorException if one exists already, unless `overwrite`.
        """
        files = self._list_files()
        if not overwrite:
            for file in files:
                _refuse_existing(folder / file.relative)
        paths = []
        for file in files:
            target = folder / file.relative
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (links and _link(file, target)):
                file.copy_to(target)
            paths.append(target)
        return paths

    def _place(self, folder: Path, *, links: bool = True) -> Path:
        """A path with exactly these files: their own, or a copy below the folder.

        As in v1, one file is named by its own path.
        """
        files = self._list_files()
        if len(self._sources) == 1 and isinstance(self._sources[0], LocalSource):
            path = Path(self._sources[0].pattern)
            if path.exists():
                return path
        copies = self._copy_files(folder, links=links)
        is_one_file = len(files) == 1 and files[0].path == _pattern_of(self)
        return copies[0] if is_one_file else folder

    def _to_json(self) -> dict[str, Any]:
        sources = [one.to_json() for one in self._sources]
        return {"kind": self.kind, "sources": sources}

    def __repr__(self) -> str:
        name = f"{self.name!r}, version={self.version}" if self.name else "unregistered"
        return f"{type(self).__name__}({name})"


def _pattern_of(dataset: AbstractDataset) -> str:
    source = dataset._sources[0]
    return str(getattr(source, "pattern", None) or getattr(source, "url", ""))


def _refuse_existing(path: Path) -> None:
    # A link that leads nowhere exists, too.
    if path.exists() or path.is_symlink():
        raise UserErrorException(
            f"{path} exists already. Choose another folder, or pass overwrite=True to "
            "download()."
        )


def _link(file: DataFile, target: Path) -> bool:
    """Whether a link to the local file was created."""
    if file.local is None:
        return False
    try:
        target.symlink_to(file.local.resolve())
    except OSError:
        return False
    return True


def check_count(value: int, name: str) -> int:
    """Raise UserErrorException unless it is a number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserErrorException(f"{name} must be a whole number from 0.")
    return value
