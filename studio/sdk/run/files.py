"""Files of a run: upload, download, list. Paths in the run use `/`."""

from __future__ import annotations

import contextlib
import io
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
from studio.core.script_variables import ATTEMPT_VARIABLE
from studio.sdk.connection import OFFLINE_ERRORS
from studio.sdk.errors import UserErrorException
from studio.sdk.run.file_marks import FileMark, is_same_content, mark_file, sha256_of
from studio.sdk.run.state import RunState

if TYPE_CHECKING:
    from studio.sdk.client import Client

UploadSource = Union[str, "os.PathLike[str]", BinaryIO]
LOG_FOLDERS = ("logs/", "azureml-logs/", "user_logs/", "system_logs/")


@dataclass(frozen=True)
class RunFile:
    """A file of a run: its path there and its size in bytes.

    `sha256` is known of files that the server listed.
    """

    path: str
    size: int
    sha256: str = ""


@dataclass(frozen=True)
class UploadedFiles:
    """The result of an upload: files by their paths."""

    artifacts: dict[str, RunFile]


class RunFiles:
    """Uploads and downloads of a run; the public methods are described in `Run`.

    Uploads to a run that this process started continue in the background.
    """

    def __init__(self, state: RunState) -> None:
        self._state = state

    def upload(
        self, name: str, source: UploadSource, *, overwrite: bool
    ) -> UploadedFiles:
        with _local_file(source) as local:
            file = self._upload_file(check_path(name, "name"), local, overwrite)
        return UploadedFiles({file.path: file})

    def upload_many(
        self, names: Sequence[str], paths: Sequence[str], *, overwrite: bool
    ) -> UploadedFiles:
        """Upload `paths` as `names`. Raises TypeError if the lengths differ."""
        if len(names) != len(paths):
            raise TypeError(
                f"There are {len(names)} names and {len(paths)} paths; both lists must "
                "have the same length"
            )
        pairs = [
            (check_path(name, "names"), _existing_file(path))
            for name, path in zip(names, paths)
        ]
        files = [self._upload_file(name, local, overwrite) for name, local in pairs]
        return UploadedFiles({file.path: file for file in files})

    def upload_folder(
        self, name: str, path: str | os.PathLike[str], *, overwrite: bool
    ) -> UploadedFiles:
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(f"There is no folder {str(path)!r} to upload.")
        files = [
            self._upload_file(_path_below(name, folder, file), file, overwrite)
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        ]
        return UploadedFiles({file.path: file for file in files})

    def upload_outputs(self) -> None:
        """Upload the files of the outputs folder that are not uploaded yet."""
        state = self._state
        if state.outputs is not None:
            for file in sorted(Path(state.outputs).rglob("*")):
                relative = file.relative_to(state.outputs).as_posix()
                path = f"{_outputs_name(state.outputs)}/{relative}"
                if path not in state.uploaded_outputs and file.is_file():
                    state.open_writer().add_file(file, path)
                    # Noted one by one, so that an interrupted end continues here.
                    state.uploaded_outputs.add(path)
        state.outputs = None

    def get_names(self) -> list[str]:
        return [file.path for file in self.list_files()]

    def get_log_names(self) -> list[str]:
        return [path for path in self.get_names() if path.startswith(LOG_FOLDERS)]

    def download(
        self, name: str, output_file_path: str | os.PathLike[str] | None
    ) -> None:
        # The file can still be in the spool.
        self._state.flush()
        target = Path(output_file_path) if output_file_path else Path(Path(name).name)
        if target.is_dir():
            target = target / Path(name).name
        self._download_file(name, target)

    def download_many(
        self,
        prefix: str,
        output_directory: str | os.PathLike[str] | None,
        output_paths: str | Sequence[str] | None,
        *,
        append_prefix: bool,
    ) -> None:
        found = [path for path in self.get_names() if path.startswith(prefix)]
        if isinstance(output_paths, str):
            output_paths = [output_paths]
        if output_paths is not None and len(output_paths) != len(found):
            raise UserErrorException(
                f"There are {len(output_paths)} output paths for {len(found)} files: "
                f"{','.join(found)}"
            )
        folder = Path(output_directory or ".")
        for index, path in enumerate(found):
            local = path if append_prefix else path[len(prefix) :].lstrip("/")
            local = output_paths[index] if output_paths else local
            self._download_file(path, folder / (local or Path(path).name))

    def download_logs(self, destination: str | os.PathLike[str] | None) -> list[str]:
        """Download all logs; returns their local paths."""
        folder = Path(destination) if destination else Path("assets") / self._state.id
        paths = self.get_log_names()
        for path in paths:
            self._download_file(path, folder / path)
        return [str(folder / path) for path in paths]

    def read_text(self, path: str) -> str:
        """The content of a text file; empty if there is no such file."""
        target = io.BytesIO()
        try:
            self.read_into(target, path)
        except NotFound:
            return ""
        return target.getvalue().decode(errors="replace")

    def read_into(self, target: BinaryIO, path: str, *, offset: int = 0) -> None:
        """Write a file's bytes from `offset` on to `target`. Raises NotFound."""
        place = self._state.path(f"files/{quote(path)}")
        self._state.connection.client.download(place, target, offset=offset)

    def list_files(self, folder: str | None = None) -> Iterator[RunFile]:
        """All files of the run, or those of one folder."""
        self._state.flush()
        after: str | None = None
        while after != "":
            page = self._state.connection.get(
                self._state.path("files"), folder=folder, after=after, limit=5000
            )
            for file in page["files"]:
                yield RunFile(file["path"], file["size"], file["sha256"])
            after = page["after"]

    def _upload_file(self, path: str, local: Path, overwrite: bool) -> RunFile:
        mark = mark_file(local)
        known = self._state.uploaded_paths.get(path)
        # The server does not know uploads that still wait in the spool.
        if self._state.writer is not None and known is not None and not overwrite:
            if not self._is_same_file(path, known, mark, local):
                raise _exists_error(path)
            return RunFile(path, mark.size)
        if not self._send_now(path, local, mark.size, overwrite):
            self._state.open_writer().add_file(local, path)
        self._state.uploaded_paths[path] = mark
        return RunFile(path, mark.size)

    def _is_same_file(
        self, path: str, known: FileMark, mark: FileMark, local: Path
    ) -> bool:
        """Whether a file that is uploaded again has the content of the first time."""
        is_same = is_same_content(known, mark)
        if is_same is None and not self._state.connection.is_buffering:
            # Of a large file only the server knows the content.
            folder = path.rpartition("/")[0] or None
            stored = {file.path: file.sha256 for file in self.list_files(folder)}
            is_same = stored.get(path) == sha256_of(local)
        return bool(is_same)

    def _send_now(self, path: str, local: Path, size: int, overwrite: bool) -> bool:
        """Upload now; false if the upload is left to the background.

        That is for runs that this process started: it knows their files. Another run
        can have the file already, which the caller must learn.
        """
        knows_files = (
            self._state.is_own
            or self._state.is_launched
            or self._state.connection.is_buffering
        )
        if self._state.connection.is_offline or (
            self._state.writer is not None and knows_files
        ):
            return False
        try:
            # A file of an earlier attempt is replaced.
            replaces = overwrite or (self._state.is_launched and _is_later_attempt())
            with local.open("rb") as source:
                self._put_file(path, source, size, replaces)
        except OFFLINE_ERRORS as error:
            if self._state.writer is None:
                raise
            self._state.connection.start_buffering(error)
            return False
        return True

    def _put_file(
        self, path: str, source: BinaryIO, size: int, overwrite: bool
    ) -> None:
        # Imported here, since few scripts send files without the spool.
        from studio.sdk.delivery import upload_file

        client, run_path = self._state.connection.client, self._state.path()
        try:
            upload_file(client, run_path, path, source, size, overwrite=overwrite)
        except AlreadyExists as error:
            raise _exists_error(path) from error

    def _download_file(self, path: str, target: Path) -> None:
        try:
            download_file(
                self._state.connection.client,
                self._state.path(f"files/{quote(path)}"),
                target,
            )
        except NotFound as error:
            available = ",".join(file.path for file in self.list_files())
            raise UserErrorException(
                f"File with path {path} was not found, available files include: "
                f"{available}"
            ) from error


def _is_later_attempt() -> bool:
    return os.environ.get(ATTEMPT_VARIABLE, "") not in ("", "1")


def download_file(client: Client, path: str, target: Path) -> None:
    """Write what the server has at `path` to the file `target`: all of it, or nothing.

    Raises NotFound, and UserErrorException if the file cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A rename works in one step only within the same file system.
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                client.download(path, file)
            # `mkstemp` creates files that only their owner can read.
            Path(name).chmod(0o644)
            Path(name).replace(target)
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()
    except OSError as error:
        raise UserErrorException(
            f"{target} cannot be written: {error.strerror}; choose another place."
        ) from error


def _exists_error(path: str) -> AlreadyExists:
    return AlreadyExists(
        f"Resource Conflict: the run has a file {path!r} with other content; give "
        "another name, or overwrite=True.",
        field="name",
    )


def _path_below(name: str, folder: Path, file: Path) -> str:
    relative = file.relative_to(folder).as_posix()
    return check_path(f"{name.strip('/')}/{relative}" if name.strip("/") else relative)


def _existing_file(path: str | os.PathLike[str]) -> Path:
    local = Path(path)
    if not local.is_file():
        raise UserErrorException(f"There is no file {str(path)!r} to upload.")
    return local


@contextlib.contextmanager
def _local_file(source: UploadSource) -> Iterator[Path]:
    """The file on the disk; a stream is copied to a temporary one."""
    if isinstance(source, (str, os.PathLike)):
        yield _existing_file(source)
        return
    stream: Any = source
    if not hasattr(stream, "read"):
        raise UserErrorException(
            f"A file's path or an open file is to be uploaded, not {stream!r}"
        )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "stream"
        with copy.open("wb") as file:
            # Reading nothing shows whether the stream has text or bytes.
            content = stream.read(0)
            if isinstance(content, str):
                file.write(stream.read().encode())
            else:
                shutil.copyfileobj(stream, file)
        yield copy


def _outputs_name(folder: str) -> str:
    """The folder of the run for files of the outputs folder."""
    path = Path(folder)
    is_inside = not path.is_absolute() and ".." not in path.parts
    if is_inside and path.as_posix() != ".":
        return path.as_posix()
    return path.name or "outputs"
