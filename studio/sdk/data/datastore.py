"""Datastores: files of the workspace that every machine can read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from studio.core.names import check_path
from studio.sdk.data.references import DataReference
from studio.sdk.data.store_run import StoredFile, StoreRun
from studio.sdk.errors import UserErrorException
from studio.sdk.not_offered import not_offered

if TYPE_CHECKING:
    import os

    from studio.sdk.workspace import Workspace

DEFAULT_DATASTORE = "workspaceblobstore"
#: v1 workspaces have both from the beginning.
DATASTORES = (DEFAULT_DATASTORE, "workspacefilestore")
_DESCRIPTION = "Files of the datastore {name}. Python: `Datastore(workspace, {name!r})`"


class Datastore:
    """The datastore of that name. The server keeps its files.

    Each workspace has `workspaceblobstore`, the default, and `workspacefilestore`.
    Raises UserErrorException for another name.
    """

    datastore_type = "RunStudio"

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        name = name or DEFAULT_DATASTORE
        if name not in DATASTORES:
            raise UserErrorException(
                f"There is no datastore {name!r}. The datastores are: "
                f"{', '.join(DATASTORES)}. Upload files of another store to one of "
                "them."
            )
        self.workspace, self.name = workspace, name
        self._files = StoreRun(
            workspace, f"datastore-{name}", _DESCRIPTION.format(name=name)
        )

    @classmethod
    def get(cls, workspace: Workspace, datastore_name: str) -> Datastore:
        """The datastore of that name. Raises UserErrorException for another name."""
        return cls(workspace, datastore_name)

    @classmethod
    def get_default(cls, workspace: Workspace) -> Datastore:
        """`workspaceblobstore`."""
        return cls(workspace)

    def path(
        self, path: str | None = None, data_reference_name: str = ""
    ) -> DataReference:
        """A file or folder of the datastore, for datasets and arguments of runs."""
        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """The whole datastore as an input of a run."""
        return self.path().as_mount()

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """The whole datastore as an input of a run."""
        return self.path().as_download(path_on_compute)

    def upload(
        self,
        src_dir: str | os.PathLike[str],
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload the files of a folder; returns where they are.

        A file that exists already is left as it is, unless `overwrite`.
        """
        folder = Path(src_dir)
        if not folder.is_dir():
            raise UserErrorException(f"There is no folder {str(src_dir)!r} to upload.")
        files = [one for one in sorted(folder.rglob("*")) if one.is_file()]
        return self._upload(files, folder, target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str | os.PathLike[str]],
        relative_root: str | os.PathLike[str] | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files; returns where they are.

        Paths in the datastore are those below `relative_root`, or file names without
        one. A file that exists already is left as it is, unless `overwrite`.
        """
        if isinstance(files, str):
            raise UserErrorException("files must be a list of paths.")
        local = [Path(one) for one in files]
        for one in local:
            if not one.is_file():
                raise UserErrorException(f"There is no file {str(one)!r} to upload.")
        root = Path(relative_root) if relative_root is not None else None
        return self._upload(local, root, target_path, overwrite, show_progress)

    def download(
        self,
        target_path: str | os.PathLike[str],
        prefix: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Download the files whose path begins with `prefix`; returns how many.

        A file that exists already is left as it is, unless `overwrite`.
        """
        count, start = 0, (prefix or "").lstrip("/")
        for one in self._files.list_files(start.rpartition("/")[0]):
            if not one.path.startswith(start):
                continue
            target = Path(target_path) / one.path
            if target.exists() and not overwrite:
                continue
            self._files.download(one.path, target)
            count += 1
            _report(show_progress, f"Downloaded {one.path}")
        return count

    def unregister(self) -> NoReturn:
        """Not offered: the datastores belong to the workspace."""
        raise not_offered(
            f"{self.name} belongs to the workspace. To delete its files, delete the "
            f"run {self._files.run_id}."
        )

    def set_as_default(self) -> None:
        """Not offered for `workspacefilestore`: the default is fixed."""
        if self.name != DEFAULT_DATASTORE:
            raise not_offered(
                f"The default datastore is always {DEFAULT_DATASTORE}. Pass "
                f"Datastore(workspace, {self.name!r}) where you need this one."
            )

    def _list_in(self, path: str) -> list[StoredFile]:
        """The files of that folder, or the one of that path."""
        found = list(self._files.list_files(path))
        if found or not path:
            return found
        siblings = self._files.list_files(path.rpartition("/")[0])
        return [one for one in siblings if one.path == path]

    def _upload(
        self,
        files: Sequence[Path],
        root: Path | None,
        target_path: str | None,
        overwrite: bool,
        show_progress: bool,
    ) -> DataReference:
        target = (target_path or "").strip("/").removeprefix("./")
        target = "" if target == "." else target
        pairs = [(_path_in_store(one, root, target), one) for one in files]
        known: set[str] = set()
        if not overwrite:
            known = {one.path for one in self._files.list_files(target)}
        for number, (path, local) in enumerate(pairs, 1):
            if path in known:
                _report(show_progress, f"{path} exists already. Skipped {local}")
                continue
            self._files.upload(path, local, overwrite=True)
            _report(show_progress, f"Uploaded {local} ({number} of {len(pairs)})")
        return self.path(target or None)

    def __repr__(self) -> str:
        return f"Datastore(name={self.name!r}, workspace={self.workspace.name!r})"

    @staticmethod
    def register_azure_blob_container(*_words: Any, **_more: Any) -> NoReturn:
        """Not offered: the files of a datastore are on this server."""
        raise not_offered(
            "A store of Azure can't be connected. Copy its files into the workspace: "
            "workspace.get_default_datastore().upload(…)."
        )

    register_azure_data_lake = register_azure_blob_container
    register_azure_data_lake_gen2 = register_azure_blob_container
    register_azure_file_share = register_azure_blob_container
    register_azure_my_sql = register_azure_blob_container
    register_azure_postgre_sql = register_azure_blob_container
    register_azure_sql_database = register_azure_blob_container
    register_dbfs = register_azure_blob_container
    register_hdfs = register_azure_blob_container


def _path_in_store(file: Path, root: Path | None, target: str) -> str:
    if root is None:
        relative = file.name
    else:
        try:
            relative = file.absolute().relative_to(root.absolute()).as_posix()
        except ValueError as error:
            raise UserErrorException(
                f"{file} is not below relative_root {root}."
            ) from error
    return check_path(f"{target}/{relative}" if target else relative)


def _report(show_progress: bool, text: str) -> None:
    if show_progress:
        print(text)  # noqa: T201 (as v1 does)
