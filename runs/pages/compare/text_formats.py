"""The comparison as it is pasted into a paper: the rows that the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.pages.compare.data_formats import rows_of, sheet_of, told
from runs.pages.compare.sections import TITLES, is_found, label_of, plain
from runs.pages.compare.state import CompareState
from runs.render.compare.cells import LONGEST, best_of, is_number
from runs.render.groups import paper_tables
from runs.render.groups.paper_tables import Cell, Table
from runs.render.run_list import sheets
from runs.render.text import numbers
from runs.search.compare import ComparedFiles, ComparedRow, Comparison

_FORMS = {"markdown": paper_tables.as_markdown, "latex": paper_tables.as_latex}
COPIES = (("CSV", "csv"), ("Markdown", "markdown"), ("LaTeX", "latex"))

Named = tuple[str, ComparedRow]


def copied(
    form: str,
    state: CompareState,
    compared: Comparison,
    files: ComparedFiles,
    goals: Mapping[str, bool],
) -> HttpResponse:
    """`form` is one of COPIES; `goals` say of a metric whether higher is better."""
    rows = [
        (section, row)
        for section, row in rows_of(compared, files)
        if section not in state.fold
        and (row.differs or not state.differs)
        and is_found(row, state.find)
    ]
    if form == "csv":
        text = sheets.as_csv(sheet_of(compared, rows))
    else:
        text = _FORMS[form](_table(compared, rows, goals))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _table(
    compared: Comparison, rows: Sequence[Named], goals: Mapping[str, bool]
) -> Table:
    """A section is named in its first row."""
    heads = ["", _("Name"), *(run.name or run.run_id for run in compared.runs)]
    right = [False, False, *(True for _run in compared.runs)]
    lines, before = [], ""
    for section, row in rows:
        title = str(TITLES[section]) if section != before else ""
        before = section
        cells = _numbers(row, goals) if section == "metrics" else _texts(row)
        lines.append([Cell(title), Cell(label_of(row)), *cells])
    return Table(heads, right, lines)


def _numbers(row: ComparedRow, goals: Mapping[str, bool]) -> Iterator[Cell]:
    values = [plain(value) for value in row.values]
    known = [value if is_number(value) else None for value in values]
    texts = numbers.aligned(known)  # type: ignore[arg-type]
    best = best_of(values, goals.get(row.key))
    for value, text in zip(values, texts, strict=True):
        if text is None:
            yield _cell(value)
        else:
            is_best = best is not None and value == best
            yield Cell(text, is_number=True, best=is_best)


def _texts(row: ComparedRow) -> Iterator[Cell]:
    return (_cell(told(row, value)) for value in row.values)


def _cell(value: object) -> Cell:
    text = sheets.MISSING if value is None else str(value)
    return Cell(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
