"""The whole result of a list at its own address: `format=csv`, `json` or `parquet`.

By `Accept` a script gets the page that a browser would show; `format` gives all rows.
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
from runs.pages.lists import run_table
from runs.pages.lists.list_formats import CSV, JSON, NOTICE_HEADER, column_of, notice
from runs.pages.lists.list_state import ListState
from runs.pages.requests.page_request import PageRequest
from runs.pages.requests.responses import varied
from runs.render.run_list import exports, parquet, sheets
from runs.search.run_list.export import Export, export_runs
from studio.core.errors import InvalidValue
from studio.core.filters import Field, fields
from studio.core.filters.tree import attribute

PARQUET = "application/vnd.apache.parquet"
FORMATS = {"csv": f"{CSV}; charset=utf-8", "json": JSON, "parquet": PARQUET}
#: Characters that a file's name does not take well.
_ODD = re.compile(r"[^\w.\-]+")


def asked_format(request: PageRequest) -> str:
    """The form of an export; empty for the page. Raises InvalidValue."""
    asked = request.GET.get("format", "")
    if asked and asked not in FORMATS:
        allowed = ", ".join(FORMATS)
        raise InvalidValue(f"format must be one of {allowed}", field="format")
    return asked


def export(state: ListState, form: str) -> StreamingHttpResponse:
    """All rows of the list. What is wrong is raised before anything is sent."""
    spec = replace(state.spec, columns=run_table.columns_of(state))
    who, experiment = (state.viewer, state.workspace), state.experiment
    found = export_runs(spec, *who, experiment=experiment, now=state.now)
    told = [each.message for each in state.complaints]
    if not found.is_in_order:
        told.append(
            _("So many runs are sorted only by what an index holds; these are by age.")
        )
    # The first chunk is read now, so that a slow question is still an error's answer.
    first = next(found.chunks, None)
    if first is not None:
        found.chunks = chain([first], found.chunks)
    answer = varied(StreamingHttpResponse(_parts(form, found, told)))
    answer["Content-Type"] = FORMATS[form]
    answer["Content-Disposition"] = content_disposition_header(
        True, f"{file_name(experiment)}.{form}"
    )
    if told:
        answer[NOTICE_HEADER] = notice(told)
    return answer


def file_name(experiment: Experiment | None) -> str:
    name = experiment.name if experiment else "all-runs"
    return _ODD.sub("-", name).strip("-.")[:80] or "runs"


def _parts(form: str, found: Export, told: list[str]) -> Iterator[bytes]:
    if form == "csv":
        return exports.csv_parts([column_of(f) for f in found.fields], found.chunks)
    if form == "json":
        about = {
            "total": found.total,
            "total_is_exact": found.total_is_exact,
            "notices": told,
        }
        columns = [column_of(each) for each in found.fields]
        return exports.json_parts(columns, found.chunks, about)
    return parquet.parquet_parts([_typed(f) for f in found.fields], found.chunks)


def _typed(asked: Field) -> sheets.Column:
    """Columns of a table that has types."""
    column = column_of(asked)
    kind = column.kind
    if asked == attribute("tags"):
        kind = parquet.MAP
    elif fields.value_type(asked) == fields.BOOLEAN:
        kind = parquet.TRUTH
    elif fields.spec_of(asked).value_type == fields.NUMBER:
        kind = parquet.WHOLE
    return sheets.Column(column.name, column.label, kind)
