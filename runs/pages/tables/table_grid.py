"""The grid: what a page shows of a table, and the addresses of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from urllib.parse import parse_qsl, urlsplit

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.pages.tables.column_heads import ColumnHead, build_head
from runs.pages.tables.filter_editor import FilterEditor, build_editor
from runs.pages.tables.pills import FilterPill, filter_pills
from runs.pages.tables.table_notes import table_notes
from runs.pages.tables.table_state import (
    DEFAULT_COLUMNS,
    MAX_SHOWN_COLUMNS,
    PAGE_SIZES,
    TableState,
)
from runs.render.formats import grouped
from runs.render.tables import (
    MAX_CELL_BYTES,
    csv_row,
    is_image_name,
    number_cells,
    render_rows,
    text_cells,
)
from runs.search.tables import SelectedRows, iterate_rows, read_page, select_rows
from runs.storage.tables import StoredTable, TableColumn
from studio.core.errors import InvalidValue

#: Columns that the menu lists; others are found by their name.
MAX_LISTED_COLUMNS = 500


@dataclass(frozen=True)
class GridAddress:
    """Where a grid is shown.

    `page` is the address of the page without the grid's state, `download` that of the
    rows as CSV or empty. `files` is the address below which a run's files are, for
    images in cells.
    """

    page: str
    download: str = ""
    files: str = ""
    #: From texts of cells to the addresses of images that they name.
    named_images: Callable[[Sequence[str]], Mapping[str, str]] | None = None

    def href(self, state: TableState) -> str:
        return _with_query(self.page, state.to_query())

    def download_href(self, state: TableState) -> str:
        # The address of the rows is that of one table, whose names need no prefix.
        whole = replace(state.on_page(1).editing(""), prefix="")
        return _with_query(self.download, whole.to_query())


def _with_query(address: str, query: str) -> str:
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{query}"


@dataclass(frozen=True)
class ColumnChoice:
    name: str
    is_shown: bool


@dataclass(frozen=True)
class TableGrid:
    """What `_table_grid.html` shows; `heading` is empty where the page has one."""

    title: str
    heading: str
    state: TableState
    address: GridAddress
    table: StoredTable
    columns: Sequence[TableColumn]
    selected: SelectedRows
    #: What was wrong in the address, in words.
    error: str = ""

    @property
    def id(self) -> str:
        return f"{self.state.prefix}table-grid"

    @property
    def count_text(self) -> str:
        total, shown = self.table.rows, self.selected.count
        if shown == total:
            rows = ngettext("%(n)s row", "%(n)s rows", total)
            return rows % {"n": grouped(total)}
        words = ngettext("%(n)s of %(total)s row", "%(n)s of %(total)s rows", total)
        return words % {"n": grouped(shown), "total": grouped(total)}

    @property
    def column_text(self) -> str:
        total, shown = len(self.table.columns), len(self.columns)
        if shown == total:
            return ""
        words = _("%(n)s of %(total)s columns")
        return words % {"n": grouped(shown), "total": grouped(total)}

    @property
    def notes(self) -> Sequence[str]:
        return table_notes(self.table)

    @cached_property
    def heads(self) -> Sequence[ColumnHead]:
        return [
            build_head(self.table, column, self.state, self.address.href)
            for column in self.columns
        ]

    @property
    def pills(self) -> Sequence[FilterPill]:
        return filter_pills(self.table, self.state, self.address.href)

    @cached_property
    def editor(self) -> FilterEditor | None:
        column = self.table.find(self.state.edited)
        if column is None:
            return None
        return build_editor(self.table, column, self.state, self.address.href)

    @cached_property
    def page(self) -> int:
        """The page that is shown; one beyond the end is the last one."""
        return min(self.state.page, self.pages)

    @property
    def pages(self) -> int:
        return max(1, -(-self.selected.count // self.state.rows))

    @cached_property
    def rows(self) -> SafeString:
        """The rows of the page as HTML; empty if none match."""
        first = (self.page - 1) * self.state.rows
        numbers, cells = read_page(
            self.table,
            self.selected,
            self.columns,
            first,
            self.state.rows,
            MAX_CELL_BYTES,
        )
        texts = [
            value
            for column, values in zip(self.columns, cells, strict=True)
            if not column.has_numbers
            for value in values
            if is_image_name(value)
        ]
        find_images = self.address.named_images
        images = find_images(texts) if texts and find_images else {}
        shown = [
            number_cells(values)
            if column.has_numbers
            else text_cells(values, self.address.files, images)
            for column, values in zip(self.columns, cells, strict=True)
        ]
        return render_rows([number + 1 for number in numbers], shown)

    @property
    def range_text(self) -> str:
        first = (self.page - 1) * self.state.rows
        words = _("%(first)s–%(last)s of %(total)s")
        return words % {
            "first": grouped(first + 1),
            "last": grouped(min(first + self.state.rows, self.selected.count)),
            "total": grouped(self.selected.count),
        }

    @property
    def has_pages(self) -> bool:
        return self.selected.count > PAGE_SIZES[0]

    @property
    def sizes(self) -> Sequence[int]:
        return PAGE_SIZES

    @property
    def previous(self) -> str:
        if self.page == 1:
            return ""
        return self.address.href(self.state.on_page(self.page - 1))

    @property
    def next(self) -> str:
        if self.page == self.pages:
            return ""
        return self.address.href(self.state.on_page(self.page + 1))

    @property
    def download(self) -> str:
        return self.address.download and self.address.download_href(self.state)

    @property
    def action(self) -> str:
        return urlsplit(self.address.page).path

    @property
    def page_fields(self) -> Sequence[tuple[str, str]]:
        """The page's own parameters, for forms."""
        return parse_qsl(urlsplit(self.address.page).query, keep_blank_values=True)

    @property
    def state_fields(self) -> Sequence[tuple[str, str]]:
        """The state without the page, the search and the columns, for forms."""
        return _fields(self.state, "page", "search", "edit", "wait", "col", "rows")

    @property
    def column_fields(self) -> Sequence[tuple[str, str]]:
        return [
            field
            for field in self.state.parameters()
            if field[0] == f"{self.state.prefix}col"
        ]

    @property
    def choices(self) -> Sequence[ColumnChoice]:
        shown = {column.name for column in self.columns}
        listed = [
            *self.columns,
            *(c for c in self.table.columns if c.name not in shown),
        ][:MAX_LISTED_COLUMNS]
        return [ColumnChoice(each.name, each.name in shown) for each in listed]

    @property
    def default_columns(self) -> str:
        """The address with the default columns; empty if they are shown."""
        if not self.state.columns:
            return ""
        return self.address.href(self.state.with_columns(()))


def _fields(state: TableState, *left_out: str) -> list[tuple[str, str]]:
    names = {f"{state.prefix}{name}" for name in left_out}
    return [field for field in state.parameters() if field[0] not in names]


def table_rows(table: StoredTable, state: TableState) -> Iterator[Sequence[str]]:
    """Return the names of the columns, and all selected rows, for a CSV file.

    Raises InvalidValue before the first row.
    """
    selected = select_rows(table, state.query)
    columns = chosen_columns(table, state) or table.columns
    rows = iterate_rows(table, selected, columns)
    return map(csv_row, chain([[column.name for column in columns]], rows))


def chosen_columns(table: StoredTable, state: TableState) -> Sequence[TableColumn]:
    found = (table.find(name) for name in state.columns)
    return [column for column in found if column is not None][:MAX_SHOWN_COLUMNS]


def build_grid(
    table: StoredTable,
    state: TableState,
    address: GridAddress,
    title: str,
    *,
    heading: str = "",
) -> TableGrid:
    """Select the rows that the state asks for; `title` names the table."""
    columns = chosen_columns(table, state) or table.columns[:DEFAULT_COLUMNS]
    error = ""
    try:
        selected = select_rows(table, state.query)
    except InvalidValue as found:
        error = found.message
        state = replace(state, query=replace(state.query, filters=()))
        selected = select_rows(table, state.query)
    return TableGrid(title, heading, state, address, table, columns, selected, error)
