"""Files of a run: up, down, listed. Paths inside the run use `/`."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Union
from urllib.parse import quote

from studio.core.errors import AlreadyExists, NotFound
from studio.core.names import check_path
from studio.sdk.core import RunCore
from studio.sdk.errors import UserErrorException
from studio.sdk.link import AWAY

if TYPE_CHECKING:
    from studio.sdk.client import Client

Source = Union[str, "os.PathLike[str]", BinaryIO]
LOG_FOLDERS = ("logs/", "azureml-logs/", "user_logs/", "system_logs/")


@dataclass(frozen=True)
class KeptFile:
    """A file of a run."""

    path: str
    size: int


@dataclass(frozen=True)
class Uploaded:
    """What an upload kept: files by their paths."""

    artifacts: dict[str, KeptFile]


class Files(RunCore):
    """Uploads of a run that this process began go on in the background."""

    def upload_file(
        self,
        name: str,
        path_or_stream: Source,
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> Uploaded:
        """Keep a file as `name`.

        Raises AlreadyExists where another file is there, unless `overwrite`, and
        UserErrorException where there is no such local file.
        """
        with _local(path_or_stream) as local:
            kept = self._upload(check_path(name, "name"), local, overwrite)
        return Uploaded({kept.path: kept})

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> Uploaded | None:
        """Keep several files. Raises TypeError for more names than paths, or fewer."""
        if len(names) != len(paths):
            raise TypeError(
                f"There are {len(names)} names and {len(paths)} paths; both lists must "
                "have the same length"
            )
        pairs = [
            (check_path(name, "names"), _existing(p)) for name, p in zip(names, paths)
        ]
        kept = [self._upload(name, local, overwrite) for name, local in pairs]
        return Uploaded({one.path: one for one in kept}) if return_artifacts else None

    def upload_folder(
        self,
        name: str,
        path: str | os.PathLike[str],
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> Uploaded:
        """Keep all files below the folder `path` as `name/<relative path>`."""
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(f"There is no folder {str(path)!r} to upload.")
        kept = [
            self._upload(_below(name, folder, file), file, overwrite)
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        ]
        return Uploaded({one.path: one for one in kept})

    def get_file_names(self) -> list[str]:
        """The paths of all files of the run: outputs, logs, images."""
        return [one.path for one in self._files()]

    def download_file(
        self,
        name: str,
        output_file_path: str | os.PathLike[str] | None = None,
        _validate_checksum: bool = False,
    ) -> None:
        """Fetch a file, into the working folder unless said otherwise.

        `output_file_path` is a file, or a folder that is there. Raises
        UserErrorException where the run has no such file.
        """
        self._deliver()
        target = Path(output_file_path) if output_file_path else Path(Path(name).name)
        if target.is_dir():
            target = target / Path(name).name
        self._fetch(name, target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | os.PathLike[str] | None = None,
        output_paths: str | Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Fetch all files whose path begins with `prefix`, below `output_directory`.

        `append_prefix=False` takes the prefix off the local paths; `output_paths` says
        them one by one.
        """
        found = [
            path for path in self.get_file_names() if path.startswith(prefix or "")
        ]
        if isinstance(output_paths, str):
            output_paths = [output_paths]
        if output_paths is not None and len(output_paths) != len(found):
            raise UserErrorException(
                f"There are {len(output_paths)} output paths for {len(found)} files: "
                f"{','.join(found)}"
            )
        folder = Path(output_directory or ".")
        for index, path in enumerate(found):
            local = path if append_prefix else path[len(prefix or "") :].lstrip("/")
            local = output_paths[index] if output_paths else local
            self._fetch(path, folder / (local or Path(path).name))

    def get_all_logs(
        self, destination: str | os.PathLike[str] | None = None
    ) -> list[str]:
        """Fetch all logs into `destination`; returns their local paths.

        Unless said otherwise it is `./assets/<run id>`.
        """
        folder = Path(destination) if destination else Path("assets") / self._id
        found = [path for path in self.get_file_names() if path.startswith(LOG_FOLDERS)]
        for path in found:
            self._fetch(path, folder / path)
        return [str(folder / path) for path in found]

    def _files(self, folder: str | None = None) -> Iterator[KeptFile]:
        self._deliver()
        after: str | None = None
        while after != "":
            page = self._link.get(
                self._place("files"), folder=folder, after=after, limit=5000
            )
            for one in page["files"]:
                yield KeptFile(one["path"], one["size"])
            after = page["after"]

    def _upload(self, path: str, local: Path, overwrite: bool) -> KeptFile:
        size = local.stat().st_size
        if self._writer is not None and path in self._paths and not overwrite:
            raise _is_there(path)
        if not self._sent_at_once(path, local, size, overwrite):
            self._out().add_file(local, path)
        self._paths.add(path)
        return KeptFile(path, size)

    def _sent_at_once(self, path: str, local: Path, size: int, overwrite: bool) -> bool:
        """Not where this process logs a run that began with it, whose files it knows:
        that goes on in the background. Another's may have the file already.
        """
        is_new = self._is_own or self._is_launched or self._link.deferred
        if self._link.offline or (self._writer is not None and is_new):
            return False
        try:
            with local.open("rb") as source:
                self._send(path, source, size, overwrite)
        except AWAY as error:
            if self._writer is None:
                raise
            self._link.defer(error)
            return False
        return True

    def _send(self, path: str, source: BinaryIO, size: int, overwrite: bool) -> None:
        place = self._place(f"files/{quote(path)}")
        place += "" if overwrite else "?overwrite=0"
        try:
            self._link.client.upload(place, source, size)
        except AlreadyExists as error:
            raise _is_there(path) from error

    def _fetch(self, path: str, target: Path) -> None:
        try:
            fetch(self._link.client, self._place(f"files/{quote(path)}"), target)
        except NotFound as error:
            there = ",".join(one.path for one in self._files())
            raise UserErrorException(
                f"File with path {path} was not found, available files include: {there}"
            ) from error


def fetch(client: Client, place: str, target: Path) -> None:
    """Write all that is at `place` to the file `target`, or nothing of it.

    Raises NotFound, and UserErrorException where it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                client.download(place, file)
            Path(name).chmod(0o644)
            Path(name).replace(target)
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()
    except OSError as error:
        raise UserErrorException(
            f"{target} cannot be written: {error.strerror}; choose another place."
        ) from error


def _is_there(path: str) -> AlreadyExists:
    return AlreadyExists(
        f"Resource Conflict: the run has a file {path!r} already; give another name, "
        "or overwrite=True.",
        field="name",
    )


def _below(name: str, folder: Path, file: Path) -> str:
    relative = file.relative_to(folder).as_posix()
    return check_path(f"{name.strip('/')}/{relative}" if name.strip("/") else relative)


def _existing(path: str | os.PathLike[str]) -> Path:
    local = Path(path)
    if not local.is_file():
        raise UserErrorException(f"There is no file {str(path)!r} to upload.")
    return local


@contextlib.contextmanager
def _local(source: Source) -> Iterator[Path]:
    """A file on disk; a stream is copied to one."""
    if isinstance(source, (str, os.PathLike)):
        yield _existing(source)
        return
    stream: Any = source
    if not hasattr(stream, "read"):
        raise UserErrorException(
            f"A file's path or an open file is to be uploaded, not {stream!r}"
        )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "stream"
        with copy.open("wb") as file:
            content = stream.read(0)
            if isinstance(content, str):
                file.write(stream.read().encode())
            else:
                shutil.copyfileobj(stream, file)
        yield copy
