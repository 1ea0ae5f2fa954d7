"""The comparison for scripts and papers: JSON, CSV, Markdown, LaTeX, text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.access import preferred_format
from runs.pages.compare.sections import (
    TITLES,
    label_contains_words,
    number_or_last_text,
    row_label,
)
from runs.pages.compare.state import CompareState
from runs.pages.requests import CSV, JSON, TEXT, PageRequest, with_vary_headers
from runs.render import formats
from runs.render.compare import MAX_CELL_CHARS, best_value, is_number
from runs.render.groups import PaperCell, PaperTable, latex_table, markdown_table
from runs.render.metrics import display_last
from runs.render.run_list import (
    Sheet,
    SheetColumn,
    iso_time,
    json_value,
    sheet_as_csv,
    sheet_as_text,
)
from runs.search.compare import (
    ComparedFile,
    ComparedFiles,
    ComparedRow,
    Comparison,
    NonNumericSeries,
)
from studio.core.filters import fields
from studio.core.filters.tree import attribute
from studio.core.statuses import RunStatus

FORMATS = {"json": JSON, "csv": CSV, "text": TEXT}


def requested_format(request: PageRequest) -> str:
    """The content type requested by `format` or Accept; empty for the page."""
    if request.htmx:
        return ""
    return FORMATS.get(request.GET.get("format", ""), "") or preferred_format(request)


def comparison_response(
    request: PageRequest, kind: str, compared: Comparison, files: ComparedFiles
) -> HttpResponse:
    rows = list(rows_with_sections(compared, files))
    if kind == JSON:
        text = (
            json.dumps(_comparison_as_json(compared, rows), ensure_ascii=False) + "\n"
        )
        return with_vary_headers(HttpResponse(text, content_type=JSON))
    sheet = comparison_sheet(compared, rows)
    if kind == CSV:
        text = sheet_as_csv(sheet)
    else:
        text = sheet_as_text(sheet, timezone.get_current_timezone())
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    if request.GET.get("format") == "csv":
        response["Content-Disposition"] = 'attachment; filename="comparison.csv"'
    return with_vary_headers(response)


def rows_with_sections(
    compared: Comparison, files: ComparedFiles
) -> Iterator[tuple[str, ComparedRow]]:
    of_section = {
        "metrics": compared.metrics,
        "params": compared.params,
        "attributes": compared.attributes,
        "tags": compared.tags,
        "environment": files.environment,
        "source": (*files.source, *files.source_files),
        "files": files.files,
        "properties": (*compared.properties, *compared.bookkeeping),
    }
    for section in TITLES:
        yield from ((section, row) for row in of_section[section])


def _comparison_as_json(
    compared: Comparison, rows: list[tuple[str, ComparedRow]]
) -> dict[str, Any]:
    ids = [run.run_id for run in compared.runs]
    return {
        "runs": [
            {"id": run.run_id, "name": run.name, "status": run.state.value}
            for run in compared.runs
        ],
        "unknown": list(compared.unknown),
        "trashed": list(compared.trashed),
        "rows": [
            {
                "section": section,
                "name": row.key,
                "differs": row.differs,
                "values": {
                    run: json_value(_exported_text_or_number(value))
                    for run, value in zip(ids, row.values, strict=True)
                    if value is not None
                },
            }
            for section, row in rows
        ],
    }


def comparison_sheet(
    compared: Comparison, rows: list[tuple[str, ComparedRow]]
) -> Sheet:
    columns = (
        SheetColumn("section", "section"),
        SheetColumn("name", "name"),
        *(SheetColumn(run.run_id, run.name) for run in compared.runs),
    )
    return Sheet(
        columns,
        tuple(
            (
                section,
                row_label(row),
                *(exported_value(row, value) for value in row.values),
            )
            for section, row in rows
        ),
    )


def exported_value(row: ComparedRow, value: object) -> object:
    """Return a time as ISO text, a duration in seconds, other values as they are."""
    kind = fields.value_type(row.field) if row.field is not None else ""
    if isinstance(value, int) and not isinstance(value, bool):
        if kind == fields.TIME:
            return iso_time(value)
        if kind == fields.DURATION:
            return value / 1000
    return _exported_text_or_number(value)


def _exported_text_or_number(value: object) -> object:
    if isinstance(value, RunStatus):
        return value.value
    if isinstance(value, NonNumericSeries):
        return value.last_text or display_last(value).text
    return value.version if isinstance(value, ComparedFile) else value


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
    """`form` is in COPY_FORMATS; `goals`: whether more is better, by metric."""
    rows = [
        (section, row)
        for section, row in rows_with_sections(compared, files)
        # A copy has the rows that the page shows; an export has all of them.
        if section not in state.fold
        and (row.differs or not state.differs)
        and label_contains_words(row, state.find)
    ]
    if form == "csv":
        text = sheet_as_csv(comparison_sheet(compared, rows))
    else:
        text = _TABLE_WRITERS[form](_paper_table(compared, rows, goals))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _paper_table(
    compared: Comparison, rows: Sequence[SectionRow], goals: Mapping[str, bool]
) -> PaperTable:
    """Build the table; the first row of a section has its title."""
    heads = ["", _("Name"), *(run.name or run.run_id for run in compared.runs)]
    right = [False, False, *(True for _run in compared.runs)]
    lines, before = [], ""
    for section, row in rows:
        title = str(TITLES[section]) if section != before else ""
        before = section
        cells = (
            _paper_metric_cells(row, goals)
            if section == "metrics"
            else _paper_text_cells(row)
        )
        lines.append([PaperCell(title), PaperCell(row_label(row)), *cells])
    return PaperTable(heads, right, lines)


def _paper_metric_cells(
    row: ComparedRow, goals: Mapping[str, bool]
) -> Iterator[PaperCell]:
    values = [number_or_last_text(value) for value in row.values]
    known = [value if is_number(value) else None for value in values]
    texts = formats.align_decimals(known)  # type: ignore[arg-type]
    best = best_value(values, goals.get(row.key))
    for value, text in zip(values, texts, strict=True):
        if text is None:
            yield _paper_cell(value)
        else:
            is_best = best is not None and value == best
            yield PaperCell(text, is_number=True, best=is_best)


def _paper_text_cells(row: ComparedRow) -> Iterator[PaperCell]:
    return (_paper_cell(_text_to_read(row, value)) for value in row.values)


def _text_to_read(row: ComparedRow, value: object) -> object:
    """Return a value as the page shows it; times are UTC, as a paper has no reader."""
    kind = fields.value_type(row.field) if row.field is not None else ""
    if isinstance(value, int) and not isinstance(value, bool):
        if kind == fields.TIME:
            return formats.utc_text(value, to_the_day=False)
        if kind == fields.DURATION:
            return formats.exact_duration(value)
    if row.field == attribute("commit") and isinstance(value, str):
        return formats.short_hash(value)
    return exported_value(row, value)


def _paper_cell(value: object) -> PaperCell:
    text = formats.MISSING if value is None else str(value)
    return PaperCell(
        text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"
    )
