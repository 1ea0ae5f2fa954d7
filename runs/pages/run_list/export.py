"""The whole result of a list at its own address: `format=csv`, `json` or `parquet`.

With `Accept`, a script gets one page, as a browser shows it; `format` gives all rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from runs.models import Experiment
from runs.pages.lists import (
    NOTICE_HEADER,
    ListState,
    encode_notices_header,
    list_columns,
    sheet_column_of,
)
from runs.pages.requests import EXPORT_TYPES, with_vary_headers
from runs.render.run_list import (
    BOOLEAN_COLUMN,
    INTEGER_COLUMN,
    MAP_COLUMN,
    SheetColumn,
    csv_parts,
    json_parts,
    parquet_parts,
    require_pyarrow,
)
from runs.search.run_list import RunExport, export_runs
from studio.core.filters import Field, fields
from studio.core.filters.tree import attribute

#: Characters that are unsafe in file names.
_UNSAFE_NAME_CHARS = re.compile(r"[^\w.\-]+")


def export_response(state: ListState, form: str) -> StreamingHttpResponse:
    """Send all rows of the list; errors are raised before anything is sent."""
    # A missing library must be an error page: once the file begins, its status is sent.
    if form == "parquet":
        require_pyarrow()
    spec = replace(state.spec, columns=list_columns(state))
    who, experiment = (state.viewer, state.workspace), state.experiment
    found = export_runs(spec, *who, experiment=experiment, now=state.now)
    notices = [each.message for each in state.complaints]
    if not found.is_in_order:
        notices.append(
            _("Too many runs to sort by this field. Showing the newest first.")
        )
    # The first chunk is read now, so that a timeout can still become an error page.
    first = next(found.chunks, None)
    if first is not None:
        found.chunks = chain([first], found.chunks)
    response = with_vary_headers(
        StreamingHttpResponse(_export_file_parts(form, found, notices))
    )
    response["Content-Type"] = EXPORT_TYPES[form]
    response["Content-Disposition"] = content_disposition_header(
        True, f"{export_file_name(experiment)}.{form}"
    )
    # CSV and Parquet have no place for notices, so a header has them for every format.
    if notices:
        response[NOTICE_HEADER] = encode_notices_header(notices)
    return response


def export_file_name(experiment: Experiment | None) -> str:
    name = experiment.name if experiment else "all-runs"
    return _UNSAFE_NAME_CHARS.sub("-", name).strip("-.")[:80] or "runs"


def _export_file_parts(
    form: str, export: RunExport, notices: list[str]
) -> Iterator[bytes]:
    if form == "csv":
        return csv_parts([sheet_column_of(f) for f in export.fields], export.chunks)
    if form == "json":
        about = {
            "total": export.total,
            "total_is_exact": export.total_is_exact,
            "notices": notices,
        }
        columns = [sheet_column_of(each) for each in export.fields]
        return json_parts(columns, export.chunks, about)
    return parquet_parts([_parquet_column(f) for f in export.fields], export.chunks)


def _parquet_column(field: Field) -> SheetColumn:
    """Return the column with its exact type, for Parquet."""
    column = sheet_column_of(field)
    kind = column.kind
    if field == attribute("tags"):
        kind = MAP_COLUMN
    elif fields.value_type(field) == fields.BOOLEAN:
        kind = BOOLEAN_COLUMN
    elif fields.spec_of(field).value_type == fields.NUMBER:
        kind = INTEGER_COLUMN
    return SheetColumn(column.name, column.label, kind)
