"""Where the files of a dataset are: on this machine, in a datastore, on the web."""

from __future__ import annotations

import glob
import os
import re
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import unquote, urlsplit

from studio.core.errors import NotFound
from studio.sdk.data.datastore import DEFAULT_DATASTORE, Datastore
from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

_MAGIC = re.compile(r"[*?\[]")
_DOWNLOAD_SECONDS = 60.0
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class DataFile:
    """A file of a dataset: its path below the dataset's folder, and where it is."""

    relative: str
    source: Source
    #: Its path at the source.
    path: str

    @property
    def local(self) -> Path | None:
        """The file itself, if it is on this machine."""
        return Path(self.path) if isinstance(self.source, LocalSource) else None

    def copy_to(self, target: Path) -> None:
        """Write the file to `target`, in parts: memory stays bounded.

        A link that is there is replaced, never the file that it leads to.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".run-studio-")
        os.close(handle)
        temporary = Path(name)
        try:
            self.source.copy(self.path, temporary)
            # `mkstemp` creates files that only their owner can read.
            temporary.chmod(0o644)
            temporary.replace(target)
        except OSError as error:
            raise UserErrorException(
                f"{target} can't be written: {error.strerror}. Choose another folder."
            ) from error
        finally:
            temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class LocalSource:
    """A file, a folder or a pattern on this machine."""

    pattern: str
    #: Another machine reports that the files are not there.
    host: str = ""

    def list_files(self) -> list[DataFile]:
        """Raises UserErrorException if there are none."""
        path = Path(self.pattern)
        if path.is_file():
            return [self._file(path.parent, path)]
        if path.is_dir():
            found = [one for one in sorted(path.rglob("*")) if one.is_file()]
            return self._checked([self._file(path, one) for one in found])
        if not _MAGIC.search(self.pattern):
            place = f" It was named on {self.host}." if self._is_elsewhere else ""
            raise UserErrorException(
                f"There is no file or folder {self.pattern!r} on this machine.{place}"
            )
        root = Path(_root_of(self.pattern))
        names = sorted(glob.glob(self.pattern, recursive=True))  # noqa: PTH207 (`**`)
        files = [self._file(root, Path(one)) for one in names if Path(one).is_file()]
        return self._checked(files)

    @property
    def _is_elsewhere(self) -> bool:
        return bool(self.host) and self.host != socket.gethostname()

    def _file(self, root: Path, path: Path) -> DataFile:
        return DataFile(path.relative_to(root).as_posix(), self, str(path))

    def _checked(self, files: list[DataFile]) -> list[DataFile]:
        if not files:
            raise UserErrorException(f"No file matches {self.pattern!r}.")
        return files

    def copy(self, path: str, target: Path) -> None:
        try:
            shutil.copyfile(path, target)
        except OSError as error:
            raise UserErrorException(
                f"{path} can't be copied: {error.strerror or error}."
            ) from error

    def to_json(self) -> dict[str, str]:
        return {"local": self.pattern, "host": self.host or socket.gethostname()}


@dataclass(frozen=True)
class StoreSource:
    """A file, a folder or a pattern in a datastore."""

    datastore: Datastore
    pattern: str

    def list_files(self) -> list[DataFile]:
        """Raises UserErrorException if there are none."""
        pattern = self.pattern
        root = _root_of(pattern) if _MAGIC.search(pattern) else pattern
        expression = _expression_of(pattern)
        found = [
            DataFile(_below(root, one.path), self, one.path)
            for one in self.datastore._list_in(root)
            if expression.fullmatch(one.path)
        ]
        if not found:
            raise UserErrorException(
                f"The datastore {self.datastore.name} has no file {pattern!r}."
            )
        return sorted(found, key=lambda one: one.path)

    def copy(self, path: str, target: Path) -> None:
        try:
            self.datastore._files.download(path, target)
        except NotFound as error:
            raise UserErrorException(
                f"The datastore {self.datastore.name} has no file {path!r} any more."
            ) from error

    def to_json(self) -> dict[str, str]:
        return {"datastore": self.datastore.name, "path": self.pattern}


@dataclass(frozen=True)
class WebSource:
    """A file at a web address."""

    url: str

    def list_files(self) -> list[DataFile]:
        name = unquote(urlsplit(self.url).path).rpartition("/")[2]
        # The other names are folders.
        name = "data" if name in ("", ".", "..") else name
        return [DataFile(name, self, self.url)]

    def copy(self, path: str, target: Path) -> None:
        # An address of a definition can have been written by hand.
        _check_web_address(path)
        try:
            reply = urllib.request.urlopen(path, timeout=_DOWNLOAD_SECONDS)  # noqa: S310
            with reply, target.open("wb") as file:
                shutil.copyfileobj(reply, file, _CHUNK_BYTES)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise UserErrorException(
                f"{path} can't be downloaded: {reason}."
            ) from error

    def to_json(self) -> dict[str, str]:
        return {"url": self.url}


def _check_web_address(url: str) -> str:
    """Raises UserErrorException for another one, such as a file of this machine."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise UserErrorException(f"{url!r} is no address of http or https.")
    return url


Source = Union[LocalSource, StoreSource, WebSource]


def parse_source(value: Any) -> Source:
    """The source that a script names: a path, an address, or a path of a datastore.

    Raises UserErrorException for another value.
    """
    if isinstance(value, tuple) and len(value) == 2:
        datastore, path = value
        if isinstance(datastore, Datastore):
            return StoreSource(datastore, _clean(str(path)))
    datastore = getattr(value, "datastore", None)
    if isinstance(datastore, Datastore):
        return StoreSource(datastore, _clean(value.path_on_datastore or ""))
    if isinstance(value, (str, os.PathLike)):
        text = os.fspath(value)
        if not text.strip():
            raise UserErrorException("A path of a dataset is empty.")
        if urlsplit(text).scheme in ("http", "https"):
            return WebSource(text)
        # The run can have another working folder.
        return LocalSource(str(Path(text).expanduser().absolute()))
    raise UserErrorException(
        f"A dataset needs a path, a web address or datastore.path(…), not {value!r}."
    )


def source_from_json(workspace: Workspace, content: Mapping[str, str]) -> Source:
    """The source that `to_json` has written."""
    if "url" in content:
        return WebSource(_check_web_address(str(content["url"])))
    if "datastore" in content:
        name = content.get("datastore") or DEFAULT_DATASTORE
        return StoreSource(Datastore(workspace, name), content["path"])
    return LocalSource(content["local"], content.get("host", ""))


def _clean(path: str) -> str:
    text = path.strip("/").removeprefix("./")
    return "" if text == "." else text


def _root_of(pattern: str) -> str:
    """The folder above the first part of a pattern that has `*` or the like."""
    match = _MAGIC.search(pattern)
    return pattern[: match.start()].rpartition("/")[0] if match else pattern


def _below(root: str, path: str) -> str:
    if path == root:
        return path.rpartition("/")[2]
    return path[len(root) :].lstrip("/")


def _expression_of(pattern: str) -> re.Pattern[str]:
    """`**` matches folders of any depth; a path without `*` also what is below it."""
    if not _MAGIC.search(pattern):
        return re.compile(f"{re.escape(pattern)}(/.*)?" if pattern else ".*")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(one) or re.escape(one) for one in parts))
