"""The cells of the run list: texts of values, and links that filter by them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from runs.pages.lists.list_links import ListLinks, ValueLink, column_css
from runs.pages.lists.tree_rows import (
    RolledUpValue,
    build_branch,
    rolled_up_value,
)
from runs.render import formats
from runs.render.filters import field_label, local_day
from runs.render.formats import run_path
from runs.render.run_list import (
    ListRow,
    TreeBranch,
    ValueHrefs,
    link_cell,
    running_duration_cell,
    status_cell,
    tag_chip,
    tags_cell,
    text_cell,
    time_cell,
)
from runs.search.fields import CellLink, source_of
from runs.search.query import series_color
from runs.search.run_list import RunPage, RunRow
from studio.core.filters import Field, fields
from studio.core.filters.tree import (
    ATTRIBUTE,
    CHILDREN,
    METRICS,
    TAGS,
    Comparison,
    Flag,
    Number,
    Text,
    Value,
    attribute,
)
from studio.core.view_spec import Column

#: Longer texts get no link.
MAX_LINK_TEXT = 200


def _value_to_filter_by(field: Field, value: object) -> Value | None:
    if isinstance(value, bool):
        return Flag(value) if fields.value_type(field) == fields.BOOLEAN else None
    # The exact millisecond would match this run alone.
    if fields.value_type(field) == fields.TIME:
        if not isinstance(value, int):
            return None
        return local_day(formats.local_time(value, timezone.get_current_timezone()))
    if isinstance(value, (int, float)):
        return Number(value)
    text = str(value)
    return Text(text) if len(text) <= MAX_LINK_TEXT and "\n" not in text else None


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
    by_column = [
        _column_cells(column.field, page.rows, links, best) for column in columns
    ]
    return [
        _build_row(row, tuple(cells), links)
        for row, *cells in zip(page.rows, *by_column, strict=True)
    ]


def _build_row(row: RunRow, cells: tuple[str, ...], links: ListLinks) -> ListRow:
    branch = build_branch(row, links) if row.place else None
    number = links.selected.get(row.run.pk, 0)
    return ListRow(
        row.run.pk,
        row.run.run_id,
        row.run.name,
        row.starred,
        row.children,
        cells,
        run_path(links.workspace, row.run.run_id),
        _children_href(row, links, branch),
        tuple(_rollup(row)) if row.children else (),
        branch,
        (row.run.color or series_color(number)) if number else 0,
        row.run.color or 0,
    )


def _rollup(row: RunRow) -> Iterator[tuple[str, int]]:
    for counted, word in ROLLUP_FIELDS.items():
        if count := int(str(row.values.get(counted, 0))):
            yield word, count


def _children_href(row: RunRow, links: ListLinks, branch: TreeBranch | None) -> str:
    """Link to the child runs: in the tree below the row, else in their own list."""
    if not row.children:
        return ""
    return links.children_address(row.run.run_id) if branch is None else branch.toggle


def _column_cells(
    field: Field, rows: Sequence[RunRow], links: ListLinks, best: BestValues
) -> list[str]:
    if field == attribute("name"):
        # Lists and groups show it in different cells.
        return [""] * len(rows)
    if field == attribute("tags"):
        return _tags_cells(rows, links)
    if field == attribute("status"):
        return _status_cells(rows, links)
    if field.kind == METRICS:
        return _metric_cells(field, rows, links, best)
    column = _FieldColumn(field, links)
    return [column.cell(row) for row in rows]


class _ValueLinks:
    """The links of a column's values; those of a repeated text are composed once."""

    def __init__(self, field: Field, links: ListLinks) -> None:
        self._field, self._links = field, links
        self._source = source_of(field)
        self._hrefs_of = links.value_hrefs(field)
        self._known: dict[str, ValueHrefs | None] = {}

    def find(self, value: object) -> ValueHrefs | None:
        """Return the links of a value; None if it gets none."""
        if value is None or self._source.link == CellLink.NONE:
            return None
        # Only texts, because 1, 1.0 and True are the same key.
        if not isinstance(value, str):
            return self._compose(value)
        if value not in self._known:
            self._known[value] = self._compose(value)
        return self._known[value]

    def _compose(self, value: object) -> ValueHrefs | None:
        if value == "":
            return self._compose_empty()
        if self._source.link == CellLink.NAME:
            return self._hrefs_of(
                Number(value) if _is_number(value) else Text(str(value))  # type: ignore[arg-type]
            )
        compared = _value_to_filter_by(self._field, value)
        return None if compared is None else self._hrefs_of(compared)

    def _compose_empty(self) -> ValueHrefs | None:
        """Return the links of a tag without value, or of an empty parameter."""
        if self._field.kind == TAGS:
            link = _tag_link(self._field.key, None, self._links)
            return link.filter_href, link.exclude_href
        return None if self._field.kind == ATTRIBUTE else self._hrefs_of(Text(""))


def _tag_link(key: str, value: str | None, links: ListLinks) -> ValueLink:
    tag = Field(TAGS, key)
    if value:
        return ValueLink(value, *links.value_hrefs(tag)(Text(value)), key)
    # A tag without value is stored as a key alone, so there is no text to compare.
    return links.value_link(key, Comparison(tag, "is not null"))


def _tags_cells(rows: Sequence[RunRow], links: ListLinks) -> list[str]:
    chips: dict[tuple[str, str | None], str] = {}

    def chip(tag: tuple[str, str | None]) -> str:
        if tag not in chips:
            chips[tag] = tag_chip(_tag_link(*tag, links))
        return chips[tag]

    cells = []
    for row in rows:
        count = _count_tags_that_fit(row.tags)
        hidden = [_tag_text(*tag) for tag in row.tags[count:]]
        cells.append(tags_cell("tags in-card", map(chip, row.tags[:count]), hidden))
    return cells


def _count_tags_that_fit(tags: Sequence[tuple[str, str | None]]) -> int:
    sizes = [len(_tag_text(*tag)) + CHIP_PADDING for tag in tags]
    # Without a count of hidden tags, the whole width is for tags.
    if len(tags) < 2 or sum(sizes) <= TAGS_CELL_WIDTH:
        return len(tags)
    ends = accumulate(sizes)
    return max(sum(end <= TAGS_CELL_WIDTH - MORE_CHIP_WIDTH for end in ends), 1)


def _tag_text(key: str, value: str | None) -> str:
    return f"{key}: {value}" if value else key


def _status_cells(rows: Sequence[RunRow], links: ListLinks) -> list[str]:
    hrefs_of = links.value_hrefs(attribute("status"))
    cells = {
        status: status_cell("state in-card", status, hrefs_of(Text(status.value)))
        for status in {row.run.state for row in rows}
    }
    return [cells[row.run.state] for row in rows]


def _metric_cells(
    field: Field, rows: Sequence[RunRow], links: ListLinks, best: BestValues
) -> list[str]:
    """Build metric cells; a root without a value shows one of its descendants'."""
    values = [row.values.get(field) for row in rows]
    rolled_up_values = [
        rolled_up_value(field, row, links, best.goals) if row.place else None
        for row in rows
    ]
    # Rolled-up values take part, so that the whole column has the same decimals.
    known = [
        v if r is None else r.value
        for v, r in zip(values, rolled_up_values, strict=True)
    ]
    plain = [v if _is_number(v) else None for v in known]
    texts = formats.align_decimals(plain)  # type: ignore[arg-type]
    words = best.own.get(field, best.words)
    best_value = _best_shown_value(
        best.values.get(field), values, known, best.goals.get(field)
    )
    # A gray value has the mark only if its own run has no row here.
    is_own = best_value in values
    label, hrefs = field_label(field), _ValueLinks(field, links)
    return [
        _metric_cell(
            value,
            rolled_up,
            text,
            words
            if best_value is not None and (value if is_own else shown) == best_value
            else "",
            label,
            hrefs.find(value),
        )
        for value, shown, rolled_up, text in zip(
            values, known, rolled_up_values, texts, strict=True
        )
    ]


def _best_shown_value(
    best: float | None,
    own: Sequence[object],
    shown: Sequence[object],
    higher: bool | None,
) -> object:
    """Return the best value, also of rows that show one of their child runs.

    `best` is that of the rows' own values; None if it is on another page, or if they
    have no different values.
    """
    numbers = {v for v in shown if _is_number(v) and math.isfinite(v)}  # type: ignore
    is_elsewhere = best is None and len({v for v in own if _is_number(v)}) > 1
    if higher is None or is_elsewhere or len(numbers) < 2:
        return best
    return max(numbers) if higher else min(numbers)  # type: ignore


def _metric_cell(
    value: object,
    rolled_up: RolledUpValue | None,
    text: str | None,
    best_words: str,
    label: str,
    hrefs: ValueHrefs | None,
) -> str:
    known = value if rolled_up is None else rolled_up.value
    css, title = "number metric in-card", ""
    if text is None:
        text = MISSING if known is None else str(known)
    else:
        assert isinstance(known, (int, float))
        title = str(known)
        if not math.isfinite(known):
            css += " bad"
    if rolled_up is not None:
        css, title = f"{css} rolled", f"{rolled_up.value}, {rolled_up.words}"
    if best_words:
        what = best_words if rolled_up is None else rolled_up.words
        css, title = f"{css} best", f"{known}, {what}"
    return text_cell(
        css, text, label=label, title=title, is_best=bool(best_words), hrefs=hrefs
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class _FieldColumn:
    """The cells of a field, by its type."""

    def __init__(self, field: Field, links: ListLinks) -> None:
        self._field, self._css = field, column_css(field)
        self._kind, self._source = fields.value_type(field), source_of(field)
        self._links = _ValueLinks(field, links)
        self._is_duration = field == attribute("duration")

    def cell(self, row: RunRow) -> str:
        value = row.values.get(self._field)
        hrefs = self._links.find(value)
        if value is None or value == "":
            css = f"{self._css} in-card" if "duration" in self._css else self._css
            return text_cell(css, MISSING, hrefs=hrefs)
        if self._is_duration and row.run.state.is_active:
            # The server's text is shown until the script runs, and without a script.
            shown = formats.duration(value)  # type: ignore[arg-type]
            return running_duration_cell(f"{self._css} in-card", shown, row.run.started)
        if self._source.link == CellLink.NAME:
            assert hrefs is not None
            name = self._source.shown
            return link_cell(self._css, name(row.run) if name else str(value), hrefs)
        return self._plain_cell(value, hrefs)

    def _plain_cell(self, value: Any, hrefs: ValueHrefs | None) -> str:
        css = self._css
        if self._kind == fields.TIME:
            return time_cell(css, value, hrefs)
        if isinstance(value, bool):
            return text_cell(css, _("yes") if value else _("no"), hrefs=hrefs)
        if self._kind == fields.DURATION:
            return text_cell(f"{css} in-card", formats.duration(value), hrefs=hrefs)
        if _is_number(value):
            text = formats.number(value)
            return text_cell(css, text, title=str(value), hrefs=hrefs)
        stripped = str(value).strip()
        # A row has one line; the title shows the rest.
        first = stripped.partition("\n")[0][:MAX_TITLE_CHARACTERS]
        title = (
            stripped
            if len(stripped) <= MAX_TITLE_CHARACTERS
            else f"{stripped[:MAX_TITLE_CHARACTERS]}…"
        )
        return text_cell(f"{css} clip", first, title=title, hrefs=hrefs)
