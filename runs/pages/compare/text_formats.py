"""The comparison as it is pasted into a paper: the rows that the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.pages.compare.data_formats import cell_value, comparison_sheet, section_rows
from runs.pages.compare.sections import TITLES, label_of, matches_words, plain_value
from runs.pages.compare.state import CompareState
from runs.render import formats
from runs.render.compare import MAX_CELL_CHARS, best_of, is_number
from runs.render.groups import PaperCell, PaperTable, latex_table, markdown_table
from runs.render.run_list import sheet_as_csv
from runs.search.compare import ComparedFiles, ComparedRow, Comparison

_TABLE_WRITERS = {"markdown": markdown_table, "latex": latex_table}
COPY_FORMATS = (("CSV", "csv"), ("Markdown", "markdown"), ("LaTeX", "latex"))

SectionRow = tuple[str, ComparedRow]


def comparison_text(
    form: str,
    state: CompareState,
    compared: Comparison,
    files: ComparedFiles,
    goals: Mapping[str, bool],
) -> HttpResponse:
    """`form` is one of COPIES; `goals` say of a metric whether higher is better."""
    rows = [
        (section, row)
        for section, row in section_rows(compared, files)
        if section not in state.fold
        and (row.differs or not state.differs)
        and matches_words(row, state.find)
    ]
    if form == "csv":
        text = sheet_as_csv(comparison_sheet(compared, rows))
    else:
        text = _TABLE_WRITERS[form](_table(compared, rows, goals))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _table(
    compared: Comparison, rows: Sequence[SectionRow], goals: Mapping[str, bool]
) -> PaperTable:
    """A section is named in its first row."""
    heads = ["", _("Name"), *(run.name or run.run_id for run in compared.runs)]
    right = [False, False, *(True for _run in compared.runs)]
    lines, before = [], ""
    for section, row in rows:
        title = str(TITLES[section]) if section != before else ""
        before = section
        cells = _metric_cells(row, goals) if section == "metrics" else _text_cells(row)
        lines.append([PaperCell(title), PaperCell(label_of(row)), *cells])
    return PaperTable(heads, right, lines)


def _metric_cells(row: ComparedRow, goals: Mapping[str, bool]) -> Iterator[PaperCell]:
    values = [plain_value(value) for value in row.values]
    known = [value if is_number(value) else None for value in values]
    texts = formats.aligned(known)  # type: ignore[arg-type]
    best = best_of(values, goals.get(row.key))
    for value, text in zip(values, texts, strict=True):
        if text is None:
            yield _cell(value)
        else:
            is_best = best is not None and value == best
            yield PaperCell(text, is_number=True, best=is_best)


def _text_cells(row: ComparedRow) -> Iterator[PaperCell]:
    return (_cell(cell_value(row, value)) for value in row.values)


def _cell(value: object) -> PaperCell:
    text = formats.MISSING if value is None else str(value)
    return PaperCell(
        text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"
    )
