"""The comparison for scripts and sheets: a row for each name, a column for each run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from runs.access import preferred_format
from runs.pages.compare.sections import TITLES, label_of
from runs.pages.requests import CSV, JSON, TEXT, PageRequest, with_vary_headers
from runs.render.metrics import display_last
from runs.render.run_list import (
    Sheet,
    SheetColumn,
    iso_time,
    plain_value,
    sheet_as_csv,
    sheet_as_text,
)
from runs.search.compare import (
    ComparedFile,
    ComparedFiles,
    ComparedRow,
    Comparison,
    OtherSeries,
)
from studio.core.filters import fields
from studio.core.statuses import RunStatus

FORMATS = {"json": JSON, "csv": CSV, "text": TEXT}


def requested_format(request: PageRequest) -> str:
    """The form that is asked for, by `format` or by Accept; empty: the page."""
    if request.htmx:
        return ""
    return FORMATS.get(request.GET.get("format", ""), "") or preferred_format(request)


def comparison_data(
    request: PageRequest, kind: str, compared: Comparison, files: ComparedFiles
) -> HttpResponse:
    rows = list(section_rows(compared, files))
    if kind == JSON:
        text = json.dumps(_json_body(compared, rows), ensure_ascii=False) + "\n"
        return with_vary_headers(HttpResponse(text, content_type=JSON))
    sheet = comparison_sheet(compared, rows)
    if kind == CSV:
        text = sheet_as_csv(sheet)
    else:
        text = sheet_as_text(sheet, timezone.get_current_timezone())
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    if request.GET.get("format") == "csv":
        answer["Content-Disposition"] = 'attachment; filename="comparison.csv"'
    return with_vary_headers(answer)


def section_rows(
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


def _json_body(
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
                    run: plain_value(_plain_value(value))
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
            (section, label_of(row), *(cell_value(row, value) for value in row.values))
            for section, row in rows
        ),
    )


def cell_value(row: ComparedRow, value: object) -> object:
    """Times and durations as their columns would be written."""
    kind = fields.value_type(row.field) if row.field is not None else ""
    if isinstance(value, int) and not isinstance(value, bool):
        if kind == fields.TIME:
            return iso_time(value)
        if kind == fields.DURATION:
            return value / 1000
    return _plain_value(value)


def _plain_value(value: object) -> object:
    if isinstance(value, RunStatus):
        return value.value
    if isinstance(value, OtherSeries):
        return value.last_text or display_last(value).text
    return value.version if isinstance(value, ComparedFile) else value
