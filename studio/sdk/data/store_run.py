"""The run whose files are those of a datastore, or the registered datasets.

A run has all that a store of files needs: uploads that can be repeated, rights, a
place in backups, a trash. It is archived, so that the usual lists don't show it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.core.errors import AlreadyExists, NotFound, PermissionDenied
from studio.core.names import check_path
from studio.sdk.delivery import upload_file
from studio.sdk.errors import UserErrorException
from studio.sdk.run import download_file

if TYPE_CHECKING:
    from studio.sdk.connection import WorkspaceConnection
    from studio.sdk.workspace import Workspace

#: The experiment of these runs.
EXPERIMENT = "datastores"
_PAGE_FILES = 5000


@dataclass(frozen=True)
class StoredFile:
    """A file of the store: its path there, its size in bytes, its SHA-256."""

    path: str
    size: int
    sha256: str


class StoreRun:
    """The files of one such run. It is created by the first upload."""

    def __init__(self, workspace: Workspace, run_id: str, description: str) -> None:
        self._workspace, self.run_id = workspace, run_id
        self._description = description
        self._exists = False

    @property
    def _connection(self) -> WorkspaceConnection:
        return self._workspace._connection

    def list_files(self, folder: str = "") -> Iterator[StoredFile]:
        """The files below the folder, read page by page; none without the run."""
        after: str | None = None
        while after != "":
            try:
                page = self._connection.get(
                    f"runs/{self.run_id}/files",
                    folder=check_path(folder) if folder else None,
                    after=after,
                    limit=_PAGE_FILES,
                )
            except NotFound:
                return
            for one in page["files"]:
                yield StoredFile(one["path"], one["size"], one["sha256"])
            after = page["after"]

    def upload(self, path: str, source: Path, *, overwrite: bool) -> None:
        """Upload a file. Raises AlreadyExists for another one of that path."""
        with source.open("rb") as content:
            size = content.seek(0, io.SEEK_END)
            content.seek(0)
            self._put(path, content, size, overwrite=overwrite)

    def write_text(self, path: str, text: str) -> None:
        """Write a new small file. Raises AlreadyExists for another one."""
        content = text.encode()
        self._put(path, io.BytesIO(content), len(content), overwrite=False)

    def read_text(self, path: str) -> str:
        """The content of a small file. Raises NotFound."""
        target = io.BytesIO()
        self._connection.client.download(self._address(path), target)
        return target.getvalue().decode()

    def download(self, path: str, target: Path) -> None:
        """Download a file: all of it, or nothing. Raises NotFound."""
        self._connection.require_online("read from", "ask again")
        download_file(self._connection.client, self._address(path), target)

    def _address(self, path: str) -> str:
        return f"runs/{self.run_id}/files/{quote(check_path(path))}"

    def _put(self, path: str, content: Any, size: int, *, overwrite: bool) -> None:
        self._connection.require_online("uploaded to", "upload again")
        client, run_path = self._connection.client, f"runs/{self.run_id}"
        try:
            self._create()
            upload_file(
                client, run_path, check_path(path), content, size, overwrite=overwrite
            )
        except PermissionDenied as error:
            raise UserErrorException(
                f"{path!r} can't be stored in the workspace: {error.message} Scripts "
                "of a submitted run write their files to `outputs`."
            ) from error

    def _create(self) -> None:
        """Create the run unless it exists."""
        if self._exists:
            return
        path = f"runs/{self.run_id}"
        try:
            self._connection.get(path)
        except NotFound:
            body = {
                "id": self.run_id,
                "name": self.run_id,
                "experiment": EXPERIMENT,
                "type": "studio.datastore",
                "status": "Completed",
                "description": self._description,
            }
            try:
                info = self._connection.change("POST", "runs", body)
                hidden = {"archived": True}
                self._connection.change("PATCH", path, hidden)
                experiment = f"experiments/{info['experiment_id']}"
                self._connection.change("PATCH", experiment, hidden)
            except AlreadyExists:
                self._check_kept(path)
        self._exists = True

    def _check_kept(self, path: str) -> None:
        """Raise UserErrorException unless another member has just created the run."""
        try:
            self._connection.get(path)
        except NotFound as error:
            raise UserErrorException(
                f"The files of {self.run_id} are in the trash. Restore the run "
                f"{self.run_id} first."
            ) from error
