"""Tables: delimited text, JSON, Parquet and Arrow files as a grid."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import FileContent, PreviewReader, ViewerAddress
from runs.pages.requests import csv_response
from runs.pages.tables import (
    GridAddress,
    TableGrid,
    TableState,
    build_grid,
    fault_text,
    table_rows,
)
from runs.render.files import is_binary
from runs.storage.tables import (
    MAX_SMALL_BYTES,
    StoredTable,
    TableFault,
    TableFormat,
    TableProgress,
    TableSource,
    UnreadableTable,
    open_table,
    table_format,
)
from studio.core.errors import NotFound, Unavailable

#: The start of the address of each file of a run.
_FILES = "/files/raw/"
#: How a JSON document with a table begins; others have no need to be parsed.
_TABLE_STARTS = (b"{", b"[")


@dataclass(frozen=True)
class ShownProgress:
    id: str
    rows: int | None
    again: str


@dataclass(frozen=True)
class ShownTable:
    """What `_table.html` shows: a grid, how far it is read, or why there is none."""

    grid: TableGrid | None = None
    progress: ShownProgress | None = None
    fault: str = ""


def matches(name: str, head: bytes) -> bool:
    kind = table_format(name)
    if kind is None:
        return False
    if kind is TableFormat.JSON:
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_TABLE_STARTS)
    # UTF-16 without a mark has zeros, and is recognized by the parser.
    return kind.is_binary or not is_binary(head) or b"\0\0" not in head


def build(reader: PreviewReader) -> Shown | None:
    source = table_source(reader.file)
    if source is None:
        return None
    viewer = reader.file.viewer or ViewerAddress(QueryDict(), "", "")
    state = TableState.parse(viewer.query)
    address = GridAddress(
        _page_address(viewer), f"{viewer.raw_href}?as={TABLE.name}", _files_of(viewer)
    )
    try:
        table = open_table(source)
    except UnreadableTable as error:
        # The next kind shows its text. A binary file has none.
        has_text = not source.format.is_binary and error.fault is not TableFault.LIMITS
        return None if has_text else Shown(ShownTable(fault=fault_text(error)))
    if isinstance(table, TableProgress):
        again = address.href(state.waiting())
        return Shown(
            ShownTable(progress=ShownProgress("table-grid", table.rows, again))
        )
    return Shown(ShownTable(build_grid(table, state, address, reader.name)))


def _is_small_table(reader: PreviewReader) -> bool:
    """Whether a button offers the table; a large JSON document is not parsed for it."""
    if table_format(reader.name) is not TableFormat.JSON:
        return True
    return reader.size <= MAX_SMALL_BYTES and build(reader) is not None


def respond(request: HttpRequest, reader: PreviewReader) -> HttpResponseBase:
    """Send the rows that the address selects as CSV. Raises NotFound, InvalidValue."""
    source = table_source(reader.file)
    try:
        table = open_table(source) if source else None
    except UnreadableTable as error:
        raise NotFound(fault_text(error)) from error
    if not isinstance(table, StoredTable):
        raise Unavailable(_("The table is still being read. Try again in a moment."))
    rows = table_rows(table, TableState.parse(request.GET))
    return csv_response(rows, f"{reader.name.rpartition('.')[0]}.csv")


def table_source(file: FileContent) -> TableSource | None:
    """Return the stored file as the source of a table; None if it is none."""
    kind = table_format(file.name)
    if kind is None:
        return None
    return TableSource(file.blob, file.size, kind, file.open, file.part)


def _page_address(viewer: ViewerAddress) -> str:
    view = viewer.query.get("view")
    if not view:
        return viewer.href
    separator = "&" if "?" in viewer.href else "?"
    return f"{viewer.href}{separator}view={quote(view)}"


def _files_of(viewer: ViewerAddress) -> str:
    """Return the address of the run's files; empty for other files."""
    start, found, _rest = viewer.raw_href.partition(_FILES)
    return f"{start}{found}" if found else ""


TABLE = PreviewKind(
    "table",
    gettext_lazy("Show table"),
    matches,
    build,
    can_show=_is_small_table,
    # The parser has limits of its own.
    max_seconds=60,
    icon="columns",
    respond=respond,
)
