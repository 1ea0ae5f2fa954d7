"""The sections of the comparison's table: which rows they show, and their cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from runs.models import MetricKind
from runs.pages.compare.state import CompareState
from runs.render import formats
from runs.render.compare import (
    MAX_CELL_CHARS,
    html_link,
    metric_cells_html,
    shortened_text_html,
    tag_chips,
    text_cells_html,
    wrap_in_cells,
)
from runs.render.filters import field_label
from runs.render.icons import icon
from runs.render.metrics import display_last
from runs.render.run_list import full_moment, status_pill
from runs.search.compare import (
    ComparedFile,
    ComparedFiles,
    ComparedRow,
    Comparison,
    NonNumericSeries,
)
from studio.core.filters import fields
from studio.core.filters.tree import Field, attribute

#: Cells of a section by default, and after *Show all*; minimum number of rows.
INITIAL_SECTION_CELLS, MAX_SECTION_CELLS, MIN_SECTION_ROWS = 4_000, 40_000, 10

TITLES = {
    "metrics": gettext_lazy("Metrics"),
    "params": gettext_lazy("Parameters"),
    "attributes": gettext_lazy("Attributes"),
    "tags": gettext_lazy("Tags"),
    "environment": gettext_lazy("Environment"),
    "source": pgettext_lazy("code of a run", "Source"),
    "files": gettext_lazy("Files"),
    "properties": gettext_lazy("Properties"),
}
SOURCE_LABELS = {
    "branch": gettext_lazy("Git branch"),
    "repository": gettext_lazy("Git repository"),
    "dirty": gettext_lazy("Uncommitted changes"),
    "source": pgettext_lazy("code of a run", "Started from"),
    "snapshot": gettext_lazy("Snapshot"),
}


@dataclass(frozen=True)
class CompareRow:
    label: str
    cells: SafeString


@dataclass(frozen=True)
class CompareSection:
    """A section of the table.

    `hidden` counts the rows with equal values, `more` those beyond the limit. Without
    `more_href`, the page can't show more. With `is_cut`, some values are shortened.
    """

    name: str
    title: str
    difference_count: int
    total: int
    is_open: bool
    toggle: str
    rows: Sequence[CompareRow] = field(default_factory=list)
    hidden: int = 0
    more: int = 0
    more_href: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class CompareTable:
    """What all sections need: the state, the runs, the baseline and the goals."""

    state: CompareState
    compared: Comparison
    baseline: int
    goals: Mapping[str, bool]

    @property
    def subtracted_column(self) -> int | None:
        """Return the column to subtract, if differences are shown."""
        is_single = len(self.compared.runs) < 2
        return None if is_single or not self.state.delta else self.baseline


RowRenderer = Callable[[ComparedRow], SafeString]


def table_sections(table: CompareTable, files: ComparedFiles) -> list[CompareSection]:
    """Return the sections that are not empty."""
    compared = table.compared
    draw_text = _text_row_renderer(table)
    draw_file = _file_row_renderer(table)
    parts: list[tuple[str, list[tuple[Sequence[ComparedRow], RowRenderer]]]] = [
        ("metrics", [(compared.metrics, _metric_row_renderer(table))]),
        ("params", [(compared.params, draw_text)]),
        (
            "attributes",
            [
                (_attributes_without_status(compared), _render_attributes),
                (_all_tags_row(compared), _render_tags),
            ],
        ),
        ("tags", [(compared.tags, draw_text)]),
        ("environment", [(files.environment, draw_text)]),
        (
            "source",
            [(files.source, draw_text), (files.source_files, draw_file("source"))],
        ),
        ("files", [(files.files, draw_file("files"))]),
        ("properties", [((*compared.properties, *compared.bookkeeping), draw_text)]),
    ]
    return [
        _build_section(table, name, groups)
        for name, groups in parts
        if any(rows for rows, _draw in groups)
    ]


def _attributes_without_status(compared: Comparison) -> list[ComparedRow]:
    """Return the attributes without the status, which the column's head shows."""
    return [row for row in compared.attributes if row.field != attribute("status")]


def _all_tags_row(compared: Comparison) -> list[ComparedRow]:
    """Return one row with all tags of each run; section *Tags* has a row per tag."""
    if not compared.tags:
        return []
    values = tuple(
        [
            (row.key, row.values[at])
            for row in compared.tags
            if row.values[at] is not None
        ]
        for at in range(len(compared.runs))
    )
    return [ComparedRow(_("Tags"), values, any(row.differs for row in compared.tags))]


def _render_tags(row: ComparedRow) -> SafeString:
    missing = f'<span class="none">{formats.MISSING}</span>'
    shown = [tag_chips(tags) if tags else missing for tags in row.values]  # type: ignore[arg-type]
    return wrap_in_cells(shown)


def _build_section(
    table: CompareTable,
    name: str,
    groups: Sequence[tuple[Sequence[ComparedRow], RowRenderer]],
) -> CompareSection:
    state = table.state
    every = [(row, draw) for rows, draw in groups for row in rows]
    wanted = [
        (row, draw) for row, draw in every if label_contains_words(row, state.find)
    ]
    shown = [each for each in wanted if each[0].differs or not state.differs]
    has_all = name in state.rows
    max_cells = MAX_SECTION_CELLS if has_all else INITIAL_SECTION_CELLS
    # Cells, not rows, make a page slow: a comparison has 2 to 100 columns.
    cut = shown[: max(max_cells // len(table.compared.runs), MIN_SECTION_ROWS)]
    is_open = name not in state.fold
    rows_html = (
        # A closed section shows only counts, so its cells are not built.
        [CompareRow(row_label(row), draw(row)) for row, draw in cut] if is_open else []
    )
    return CompareSection(
        name,
        str(TITLES[name]),
        sum(row.differs for row, _draw in every),
        len(every),
        is_open,
        state.href_with_toggled("fold", name),
        rows_html,
        len(wanted) - len(shown),
        len(shown) - len(cut),
        "" if has_all else state.href_with_toggled("rows", name),
        is_open
        and any(
            _is_too_long_for_cell(value) for row, _draw in cut for value in row.values
        ),
    )


def _is_too_long_for_cell(value: object) -> bool:
    return isinstance(value, str) and len(value) > MAX_CELL_CHARS


def row_label(row: ComparedRow) -> str:
    if row.field is not None and row.field.kind == "attribute":
        return field_label(row.field)
    return str(SOURCE_LABELS.get(row.key, row.key))


def label_contains_words(row: ComparedRow, words: str) -> bool:
    label = row_label(row).lower()
    return all(word in label for word in words.lower().split())


def _metric_row_renderer(table: CompareTable) -> RowRenderer:
    # Once for all rows of the page.
    trophy = icon("trophy")

    def draw_metric_row(row: ComparedRow) -> SafeString:
        if sum(map(is_table, row.values)) > 1:
            return wrap_in_cells(_table_cells(table, row))
        values = [number_or_last_text(value) for value in row.values]
        return metric_cells_html(
            values,
            baseline=table.subtracted_column,
            is_higher_better=table.goals.get(row.key),
            icon=trophy,
        )

    return draw_metric_row


def is_table(value: object) -> bool:
    return isinstance(value, NonNumericSeries) and value.kind == MetricKind.TABLE


def _table_cells(table: CompareTable, row: ComparedRow) -> list[str]:
    """Return the numbers of rows; each links to the difference from the baseline."""
    shown = []
    for at, (run, value) in enumerate(
        zip(table.compared.runs, row.values, strict=True)
    ):
        if value is None:
            shown.append(f'<span class="none">{formats.MISSING}</span>')
            continue
        text = str(number_or_last_text(value))
        if is_table(value) and at != table.baseline:
            href = table.state.href(table=row.key, table_run=run.run_id, key="")
            shown.append(html_link(f"{href}#table-diff", text))
        else:
            shown.append(escape(text))
    return shown


def number_or_last_text(value: object) -> object:
    """The value; of a series that is no number, its last value in words."""
    return display_last(value).text if isinstance(value, NonNumericSeries) else value


def _text_row_renderer(table: CompareTable) -> RowRenderer:
    def draw_text_row(row: ComparedRow) -> SafeString:
        # An empty text is a value, and must not look like a missing one.
        values = [
            pgettext("value of a field", "set") if value == "" else value
            for value in row.values
        ]
        return text_cells_html(
            values,
            baseline=table.baseline,
            missing=pgettext("value of a field", "not set"),
        )

    return draw_text_row


def _render_attributes(row: ComparedRow) -> SafeString:
    assert row.field is not None
    shown = [
        '<span class="none">–</span>' if v is None else _attribute_html(row.field, v)
        for v in row.values
    ]
    return wrap_in_cells(shown)


def _attribute_html(field: Field, value: object) -> str:
    kind = fields.value_type(field)
    if field == attribute("status"):
        return status_pill(value)
    if kind == fields.TIME:
        return full_moment(value)  # type: ignore[arg-type]
    if kind == fields.DURATION:
        return formats.exact_duration(int(str(value)))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value)
    if field == attribute("commit"):
        return shortened_text_html(text, formats.short_hash(text), "mono")
    return shortened_text_html(text, text.partition("\n")[0])


def _file_row_renderer(table: CompareTable) -> Callable[[str], RowRenderer]:
    def renderer_of_place(place: str) -> RowRenderer:
        def draw_file_row(row: ComparedRow) -> SafeString:
            return wrap_in_cells(_file_cells(table, place, row))

        return draw_file_row

    return renderer_of_place


def _file_cells(table: CompareTable, place: str, row: ComparedRow) -> list[str]:
    """Return the sizes; a file that differs from the baseline links to the diff."""
    baseline_file = row.values[table.baseline]
    shown = []
    for run, value in zip(table.compared.runs, row.values, strict=True):
        if not isinstance(value, ComparedFile):
            shown.append(f'<span class="none">{_("no such file")}</span>')
            continue
        text = formats.filesize(value.size)
        # Without the file, the baseline has nothing to compare with.
        if value == baseline_file or baseline_file is None:
            shown.append(text)
            continue
        href = table.state.href(diff=f"{place}:{row.key}", against=run.run_id)
        label = pgettext("file in a comparison", "differs")
        shown.append(f"{text} {html_link(href + '#diff', label)}")
    return shown
