"""Tables of a run's media as grids, whose states are in the address of the tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from posixpath import normpath
from typing import Any
from urllib.parse import quote

from django.http import QueryDict

from runs.models import File, Run
from runs.pages.media.image_files import image_file
from runs.pages.media.state import MediaState, table_prefix
from runs.pages.tables import GridAddress, TableGrid, TableState, build_grid
from runs.search.files import find_files_of_runs
from runs.storage.files import files as file_store
from runs.storage.tables import (
    TableProgress,
    TableSource,
    UnreadableTable,
    open_table,
    table_format,
    table_of_logged_rows,
)

#: The newest rows of a table that was logged row by row. The export has all.
MAX_LOGGED_ROWS = 10_000
#: How long a page waits for a table that is parsed for the first time.
WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class OutsidePage:
    """A page outside of the tab: its address, and that of its part with the media."""

    href: str
    part: str


@dataclass(frozen=True)
class TableAddress:
    """Where the tables of the medium `name` are shown.

    `base` is the address of the run page. Tables of a page outside of the tab have no
    links, and their first rows are all that it shows.
    """

    run: Run
    name: str
    state: MediaState
    base: str
    outside: OutsidePage | None = None

    @property
    def prefix(self) -> str:
        return table_prefix(self.name)

    def table_state(self) -> TableState:
        parameters = QueryDict(mutable=True)
        for name, value in self.state.tables:
            parameters.appendlist(name, value)
        return TableState.parse(parameters, self.prefix)

    def waiting(self) -> str:
        """Return the address that shows the table once it is read."""
        if self.outside:
            return self.outside.href
        grid = self._grid_address()
        return grid.href(self.table_state().waiting())

    def place(self, file: File) -> str:
        """Return the id of a file's table among those of all runs of a page."""
        name = blake2b(f"{self.base}{file.path}".encode(), digest_size=4).hexdigest()
        return f"{self.prefix}{name}-table"

    def file_grid(self, file: File, title: str) -> TableGrid | TableProgress:
        """Return the grid of a file, or how far it is read.

        Raises UnreadableTable, MissingBytes.
        """
        kind = table_format(file.name)
        if kind is None:
            raise ValueError(file.name)
        opened = partial(file_store.open, file.blob, file.size)
        source = TableSource(file.blob, file.size, kind, opened)
        table = open_table(source, WAIT_SECONDS)
        if isinstance(table, TableProgress):
            return table
        raw = f"{self.base}files/raw/{quote(file.path)}?as=table"
        return build_grid(
            table, self.table_state(), self._grid_address(raw, file.folder), title
        )

    def logged_grid(self, rows: Sequence[Any]) -> TableGrid | None:
        """Return the grid of rows that were logged one by one; None without any."""
        try:
            table = table_of_logged_rows(rows)
        except UnreadableTable:
            return None
        return build_grid(table, self.table_state(), self._grid_address(), self.name)

    def _grid_address(self, download: str = "", folder: str = "") -> GridAddress:
        files = f"{self.base}files/raw/"
        images = partial(self._named_images, folder)
        if self.outside:
            return GridAddress("", "", files, images)
        rest = self.state.without_table(self.prefix).query(open="")
        tab = f"{self.base}media/"
        return GridAddress(f"{tab}?{rest}" if rest else tab, download, files, images)

    def _named_images(self, folder: str, texts: Sequence[str]) -> dict[str, str]:
        """Return addresses of images that cells name: next to the table, or by a path.

        Names are only looked up among the run's own files. One query.
        """
        paths = {
            text: [normpath(f"{folder}/{text}").lstrip("/"), normpath(text)]
            for text in set(texts)
        }
        every = {path for some in paths.values() for path in some}
        found = find_files_of_runs({self.run.pk: every})[self.run.pk]
        return {
            text: shown
            for text, some in paths.items()
            if (path := next((one for one in some if one in found), None))
            and (shown := image_file(self.base, found[path]).shown)
        }
