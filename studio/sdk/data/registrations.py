"""Names of datasets with versions, stored as files of a run."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from studio.core.errors import AlreadyExists, NotFound
from studio.sdk.data.store_run import StoreRun
from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

_RUN = "registered-datasets"
_DESCRIPTION = "Registered datasets. Python: `Dataset.get_by_name(workspace, name)`"


class Registrations:
    """The content of each version, by name and number."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._files = StoreRun(workspace, _RUN, _DESCRIPTION)

    def read(self, name: str, number: int) -> dict[str, Any]:
        """The content of a version."""
        return dict(json.loads(self._read_text(name, number)))

    def add(self, name: str, content: dict[str, Any], *, is_new_version: bool) -> int:
        """Store a version; returns its number. The same content again is no new one.

        Raises UserErrorException if the name is taken, unless `is_new_version`.
        """
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        versions = self.versions.get(name, [])
        if versions and self._read_text(name, versions[-1]) == text:
            return versions[-1]
        if versions and not is_new_version:
            raise UserErrorException(
                f"There is another dataset {name!r} already. Pass "
                "create_new_version=True, or choose another name."
            )
        number = versions[-1] + 1 if versions else 1
        while not self._write(_path(name, number), text):
            # Another process took the number.
            number += 1
        return number

    def _write(self, path: str, text: str) -> bool:
        try:
            self._files.write_text(path, text)
        except AlreadyExists:
            return False
        return True

    def remove(self, name: str) -> None:
        """Forget all versions of a name."""
        path = f"runs/{_RUN}/files/{quote(_folder(name))}"
        self._workspace._connection.change("DELETE", path)

    @cached_property
    def versions(self) -> dict[str, list[int]]:
        """The numbers of all versions by name, in order."""
        found: dict[str, list[int]] = {}
        for one in self._files.list_files():
            folder, _slash, file = one.path.rpartition("/")
            number = file.partition(".")[0]
            if folder and number.isdecimal():
                found.setdefault(unquote(folder), []).append(int(number))
        return {name: sorted(found[name]) for name in sorted(found)}

    def _read_text(self, name: str, number: int) -> str:
        try:
            return self._files.read_text(_path(name, number))
        except NotFound as error:
            raise UserErrorException(
                f"The dataset {name!r} was removed a moment ago."
            ) from error


def _folder(name: str) -> str:
    if not name or not name.isprintable():
        raise UserErrorException("The name of a dataset must be printable text.")
    # A dot alone is no name of a folder.
    return quote(name, safe=" ").replace(".", "%2E")


def _path(name: str, number: int) -> str:
    return f"{_folder(name)}/{number}.json"
