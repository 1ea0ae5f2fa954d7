"""The cells of the run list: texts of values, and links that filter by them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from django.utils.translation import gettext as _

from runs.models import Run
from runs.pages.lists.list_links import ListLinks, ValueLink, column_css
from runs.pages.lists.tree_rows import (
    RolledUpValue,
    TreeBranch,
    build_branch,
    rolled_up_value,
)
from runs.render import formats
from runs.render.filters import field_label
from runs.render.formats import run_path
from runs.search.fields import CellLink, source_of
from runs.search.query import series_color
from runs.search.run_list import RunPage, RunRow
from studio.core.filters import Field, fields
from studio.core.filters.tree import (
    ATTRIBUTE,
    CHILDREN,
    METRICS,
    TAGS,
    UNITS,
    Comparison,
    Flag,
    Moment,
    Number,
    Text,
    Value,
    attribute,
)
from studio.core.statuses import RunStatus
from studio.core.view_spec import Column

#: Longer texts get no link.
MAX_LINK_TEXT = 200
DAY = UNITS["day"]


def term_of_cell_value(field: Field, row: RunRow) -> Comparison | None:
    """Return the term that finds the row's value; None if it gets no link."""
    value = row.values.get(field)
    if value is None or source_of(field).link == CellLink.NONE:
        return None
    if value == "":
        return _term_of_empty_value(field)
    compared = _value_to_filter_by(field, value)
    return None if compared is None else Comparison(field, "=", (compared,))


def _term_of_empty_value(field: Field) -> Comparison | None:
    """Return the term of an empty text: a tag without value, an empty parameter."""
    if field.kind == TAGS:
        # A tag without value is stored as a key alone, so there is no text to compare.
        return Comparison(field, "is not null")
    return None if field.kind == ATTRIBUTE else Comparison(field, "=", (Text(""),))


def _value_to_filter_by(field: Field, value: object) -> Value | None:
    if isinstance(value, bool):
        return Flag(value) if fields.value_type(field) == fields.BOOLEAN else None
    # The exact millisecond would match this run alone.
    if fields.value_type(field) == fields.TIME:
        return _start_of_day(value) if isinstance(value, int) else None
    if isinstance(value, (int, float)):
        return Number(value)
    text = str(value)
    return Text(text) if len(text) <= MAX_LINK_TEXT and "\n" not in text else None


def _start_of_day(time: int) -> Moment:
    """Return the day of a time, in UTC like dates in the filter language."""
    start = time - time % DAY
    return Moment(start, start + DAY, "day")


#: Widths in characters: of a cell with tags, of the frame of a chip, and of the count
#: of hidden tags. At least one tag is shown.
TAGS_CELL_WIDTH, CHIP_PADDING, MORE_CHIP_WIDTH = 28, 5, 7
#: The counts of child runs by status, in the order in which they are shown.
ROLLUP_FIELDS = {
    Field(CHILDREN, word.lower()): word
    for word in ("Completed", "Failed", "Canceled", "Running", "Queued", "Other")
}
MISSING = "–"
#: A description has up to 64 KiB, and a page up to a hundred rows.
MAX_TITLE_CHARACTERS = 2000


@dataclass(frozen=True)
class ListCell:
    kind: str
    css: str
    label: str = ""
    text: str = ""
    title: str = ""
    value: Any = None
    links: tuple[ValueLink, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class ListRow:
    run: Run
    starred: bool
    children: int
    cells: tuple[ListCell, ...]
    href: str
    children_href: str
    rollup: tuple[tuple[str, int], ...] = ()
    branch: TreeBranch | None = None
    #: Gives a selected run its color; 0 if it is not selected.
    number: int = 0

    @property
    def series(self) -> int:
        return series_color(self.number)

    @property
    def key(self) -> str:
        """The key by which a script finds the row after a refresh."""
        # The primary key, because the script takes a larger one for a newer run.
        return str(self.run.pk)

    @property
    def star_url(self) -> str:
        return f"{self.href}star/"

    @property
    def star_id(self) -> str:
        """The id that stays when htmx swaps the star, so that it keeps the focus."""
        return f"star-{self.key}"


@dataclass(frozen=True)
class BestValues:
    """The best values of ranked metrics.

    `words` tells what they are the best of, as in "best on this page"; `own` has the
    words of single metrics.
    """

    values: Mapping[Field, float | int]
    words: str
    goals: Mapping[Field, bool] = field(default_factory=dict)
    own: Mapping[Field, str] = field(default_factory=dict)


NO_BEST = BestValues({}, "")


def build_rows(
    page: RunPage,
    columns: Sequence[Column],
    links: ListLinks,
    best: BestValues = NO_BEST,
) -> list[ListRow]:
    """Build the rows; numbers in a metric column have the same decimals."""
    shown_fields = [column.field for column in columns]
    by_column = [
        _add_filter_links(
            each, _column_cells(each, page.rows, links, best), page.rows, links
        )
        for each in shown_fields
    ]
    return [
        _build_row(row, tuple(cells), links)
        for row, *cells in zip(page.rows, *by_column, strict=True)
    ]


def _build_row(row: RunRow, cells: tuple[ListCell, ...], links: ListLinks) -> ListRow:
    branch = build_branch(row, links) if row.place else None
    rollup = [
        (word, int(str(row.values.get(f, 0)))) for f, word in ROLLUP_FIELDS.items()
    ]
    return ListRow(
        row.run,
        row.starred,
        row.children,
        cells,
        run_path(links.workspace, row.run.run_id),
        _children_href(row, links, branch),
        tuple((word, count) for word, count in rollup if count),
        branch,
        links.selected.get(row.run.pk, 0),
    )


def _children_href(row: RunRow, links: ListLinks, branch: TreeBranch | None) -> str:
    """Link to the child runs: in the tree below the row, else in their own list."""
    if not row.children:
        return ""
    return links.children_address(row.run.run_id) if branch is None else branch.toggle


def _column_cells(
    field: Field, rows: Sequence[RunRow], links: ListLinks, best: BestValues
) -> Iterable[ListCell]:
    values = [row.values.get(field) for row in rows]
    if field.kind == METRICS:
        rolled = [
            rolled_up_value(field, row, links, best.goals) if row.place else None
            for row in rows
        ]
        cells = _metric_cells(field, values, rolled)
        words = best.own.get(field, best.words)
        return _mark_best_values(cells, values, best.values.get(field), words)
    if field == attribute("name"):
        return [ListCell("name", "name", text=row.run.name) for row in rows]
    if field == attribute("tags"):
        return [_tags_cell(row.tags, links) for row in rows]
    return [_field_cell(field, row, links) for row in rows]


def _add_filter_links(
    field: Field, cells: Iterable[ListCell], rows: Sequence[RunRow], links: ListLinks
) -> Iterator[ListCell]:
    """Add links that filter by the value of each cell."""
    for cell, row in zip(cells, rows, strict=True):
        term = (
            None
            if cell.links or cell.kind == "name"
            else term_of_cell_value(field, row)
        )
        if term is None:
            yield cell
        else:
            yield replace(cell, links=(links.value_link(cell.text, term),))


def _metric_cells(
    field: Field,
    values: Sequence[object],
    rolled_up_values: Sequence[RolledUpValue | None],
) -> list[ListCell]:
    """Build metric cells; a root without a value shows one of its descendants'."""
    label = field_label(field)
    # Rolled-up values take part, so that the whole column has the same decimals.
    known = [
        v if r is None else r.value
        for v, r in zip(values, rolled_up_values, strict=True)
    ]
    plain = [v if _is_number(v) else None for v in known]
    cells = [
        _metric_cell(label, value, shown)
        for value, shown in zip(known, formats.align_decimals(plain), strict=True)  # type: ignore[arg-type]
    ]
    return [
        cell
        if up is None
        else replace(cell, css=f"{cell.css} rolled", title=f"{up.value}, {up.words}")
        for cell, up in zip(cells, rolled_up_values, strict=True)
    ]


def _mark_best_values(
    cells: list[ListCell], values: Sequence[object], best: float | None, words: str
) -> list[ListCell]:
    """Mark the cells with the best value."""
    if best is None:
        return cells
    return [
        replace(cell, kind="best", css=f"{cell.css} best", title=f"{value}, {words}")
        if value == best
        else cell
        for cell, value in zip(cells, values, strict=True)
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _metric_cell(label: str, value: object, shown: str | None) -> ListCell:
    css = "number metric in-card"
    if shown is None:
        text = MISSING if value is None else str(value)
        return ListCell("text", css, label, text)
    assert isinstance(value, (int, float))
    if not math.isfinite(value):
        css += " bad"
    return ListCell("text", css, label, shown, title=str(value))


def _tags_cell(tags: Sequence[tuple[str, str | None]], links: ListLinks) -> ListCell:
    count = _count_tags_that_fit(tags)
    shown = tuple(_tag_link(key, value, links) for key, value in tags[:count])
    rest = [_tag_text(*tag) for tag in tags[count:]]
    return ListCell(
        "tags", "tags in-card", title="\n".join(rest), links=shown, more=len(rest)
    )


def _count_tags_that_fit(tags: Sequence[tuple[str, str | None]]) -> int:
    sizes = [len(_tag_text(*tag)) + CHIP_PADDING for tag in tags]
    # Without a count of hidden tags, the whole width is for tags.
    if len(tags) < 2 or sum(sizes) <= TAGS_CELL_WIDTH:
        return len(tags)
    ends = accumulate(sizes)
    return max(sum(end <= TAGS_CELL_WIDTH - MORE_CHIP_WIDTH for end in ends), 1)


def _tag_text(key: str, value: str | None) -> str:
    return f"{key}: {value}" if value else key


def _tag_link(key: str, value: str | None, links: ListLinks) -> ValueLink:
    tag = Field(TAGS, key)
    if not value:
        return links.value_link(key, Comparison(tag, "is not null"))
    return links.value_link(value, Comparison(tag, "=", (Text(value),)), key)


def _field_cell(field: Field, row: RunRow, links: ListLinks) -> ListCell:
    value = row.values.get(field)
    css = column_css(field)
    if field == attribute("status"):
        return _status_cell(row.run.state, links)
    if value is None or value == "":
        return ListCell(
            "text", f"{css} in-card" if "duration" in css else css, text=MISSING
        )
    if field == attribute("duration") and row.run.state.is_active:
        return _running_duration_cell(row.run, value, css)
    if source_of(field).link == CellLink.NAME:
        return _filter_link_cell(field, row, value, links)
    return _plain_cell(field, value, css)


def _running_duration_cell(run: Run, length: Any, css: str) -> ListCell:
    """A duration that the page's script updates, in ms, as text for templates."""
    # The server's text is shown until the script runs, and without a script.
    shown = formats.duration(length)
    return ListCell("ticking", f"{css} in-card", text=shown, value=str(run.started))


def _plain_cell(field: Field, value: Any, css: str) -> ListCell:
    kind = fields.value_type(field)
    if kind == fields.TIME:
        return ListCell("time", css, value=value)
    if isinstance(value, bool):
        return ListCell("text", css, text=_("yes") if value else _("no"))
    if kind == fields.DURATION:
        return ListCell("text", f"{css} in-card", text=formats.duration(value))
    if _is_number(value):
        return ListCell("text", css, text=formats.number(value), title=str(value))
    stripped = str(value).strip()
    # A row has one line; the title shows the rest.
    first = stripped.partition("\n")[0]
    title = (
        stripped
        if len(stripped) <= MAX_TITLE_CHARACTERS
        else f"{stripped[:MAX_TITLE_CHARACTERS]}…"
    )
    return ListCell(
        "text", f"{css} clip", text=first[:MAX_TITLE_CHARACTERS], title=title
    )


def _status_cell(status: RunStatus, links: ListLinks) -> ListCell:
    term = Comparison(attribute("status"), "=", (Text(status.value),))
    link = links.value_link(status.value, term)
    return ListCell("status", "state in-card", links=(link,), value=status)


def _filter_link_cell(
    field: Field, row: RunRow, value: Any, links: ListLinks
) -> ListCell:
    compared = Number(value) if _is_number(value) else Text(str(value))
    shown = source_of(field).shown
    text = str(value) if shown is None else shown(row.run)
    term = Comparison(field, "=", (compared,))
    return ListCell(
        "link", column_css(field), title=text, links=(links.value_link(text, term),)
    )
