"""Datasets of files."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from studio.sdk.data.base import AbstractDataset, check_count
from studio.sdk.data.consumption import DatasetConsumptionConfig
from studio.sdk.data.sources import DataFile, Source


class FileDataset(AbstractDataset):
    """Files of any format."""

    kind: ClassVar[str] = "file"

    def __init__(
        self, sources: tuple[Source, ...], chosen: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(sources)
        # The paths of a part of the files; None for all.
        self._chosen = chosen

    def to_path(self) -> list[str]:
        """The paths of the files below the dataset, each with a leading slash."""
        return [f"/{one.relative}" for one in self._list_files()]

    def download(
        self,
        target_path: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        ignore_not_found: bool = False,
    ) -> list[str]:
        """Copy the files into a folder, by default a temporary one; returns paths.

        Raises UserErrorException if a file exists already, unless `overwrite`.
        """
        del ignore_not_found
        folder = Path(target_path or tempfile.mkdtemp(prefix="run-studio-data-"))
        paths = self._copy_files(folder, overwrite=overwrite)
        return [str(one.absolute()) for one in paths]

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The files as an input of a submitted run, which gets their path."""
        return self._as_unnamed_input().as_mount(path_on_compute)

    def as_download(
        self, path_on_compute: str | None = None
    ) -> DatasetConsumptionConfig:
        """The files as an input of a submitted run, which gets their path."""
        return self._as_unnamed_input().as_download(path_on_compute)

    def mount(self, mount_point: str | None = None, **_more: Any) -> MountContext:
        """A context manager, within which `mount_point` is a folder with the files."""
        return MountContext(self, mount_point)

    def take(self, count: int) -> FileDataset:
        """The first `count` files."""
        return self._part(self._list_files()[: check_count(count, "count")])

    def skip(self, count: int) -> FileDataset:
        """All files but the first `count`."""
        return self._part(self._list_files()[check_count(count, "count") :])

    def take_sample(self, probability: float, seed: int | None = None) -> FileDataset:
        """A random part of the files. The same seed chooses the same ones."""
        chance = random.Random(seed)  # noqa: S311 (a sample)
        files = [one for one in self._list_files() if chance.random() < probability]
        return self._part(files)

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> tuple[FileDataset, FileDataset]:
        """About that share of the files, and the rest."""
        chance = random.Random(seed)  # noqa: S311 (a sample)
        first: list[DataFile] = []
        second: list[DataFile] = []
        for one in self._list_files():
            (first if chance.random() < percentage else second).append(one)
        return self._part(first), self._part(second)

    def _part(self, files: list[DataFile]) -> FileDataset:
        return FileDataset(self._sources, tuple(one.relative for one in files))

    def _list_files(self) -> list[DataFile]:
        found = super()._list_files()
        if self._chosen is None:
            return found
        wanted = set(self._chosen)
        return [one for one in found if one.relative in wanted]

    def _place(self, folder: Path, *, links: bool = True) -> Path:
        if self._chosen is None:
            return super()._place(folder, links=links)
        self._copy_files(folder, links=links)
        return folder

    def _to_json(self) -> dict[str, Any]:
        chosen = None if self._chosen is None else list(self._chosen)
        return {**super()._to_json(), "chosen": chosen}


class MountContext:
    """A folder with the files of a dataset, from `start()` to `stop()`.

    Without `stop()` it is deleted with this object.
    """

    def __init__(self, dataset: FileDataset, mount_point: str | None) -> None:
        self._dataset, self._wanted = dataset, mount_point
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._created: list[Path] = []
        self.mount_point = mount_point or ""

    def start(self) -> None:
        """Make the files available at `mount_point`.

        Raises UserErrorException if there is a file of the same name already.
        """
        if self._wanted:
            folder = Path(self._wanted)
            self._created = self._dataset._copy_files(folder, links=True)
            return
        self._temporary = tempfile.TemporaryDirectory(prefix="run-studio-data-")
        own = Path(self._temporary.name)
        path = self._dataset._place(own)
        if not path.is_dir():
            # As in v1, it is a folder for a single file, too.
            path = own
            self._dataset._copy_files(path, links=True, overwrite=True)
        self.mount_point = str(path)

    def stop(self) -> None:
        """Remove what `start()` has created. The files of the dataset stay."""
        for path in self._created:
            path.unlink(missing_ok=True)
        self._created = []
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> MountContext:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
