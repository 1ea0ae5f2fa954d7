"""Lists for scripts and terminals, at the address of the page, chosen by `Accept`.

`application/json` gives values, `text/csv` a sheet, `text/plain` an aligned table, with
the rows and columns that a browser would show.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.pages.lists.list_state import ListState
from runs.pages.requests import CSV, JSON, PageRequest, with_vary_headers
from runs.render.filters import field_label
from runs.render.run_list import (
    DURATION_COLUMN,
    NUMBER_COLUMN,
    TEXT_COLUMN,
    TIME_COLUMN,
    Sheet,
    SheetColumn,
    sheet_as_csv,
    sheet_as_records,
    sheet_as_text,
)
from runs.search.experiments import ExperimentPage, ExperimentRow
from runs.search.run_list import RunPage, RunRow
from studio.core.filters import Field, fields
from studio.core.filters.fields import field_text
from studio.core.filters.tree import METRICS, attribute
from studio.core.statuses import RunStatus
from studio.core.view_spec import Column

#: Notices about ignored parts of an address, as a JSON list, if the body has no place.
NOTICE_HEADER = "X-Studio-Notice"
#: Proxies refuse headers of more than a few thousand characters.
MAX_NOTICE = 3000
_KINDS = {
    fields.NUMBER: NUMBER_COLUMN,
    fields.TIME: TIME_COLUMN,
    fields.DURATION: DURATION_COLUMN,
}


def runs_response(
    request: PageRequest,
    kind: str,
    state: ListState,
    page: RunPage,
    columns: Sequence[Column],
) -> HttpResponse:
    fields_shown = [column.field for column in columns]
    neighbors = {
        name: f"{state.path}?{state.spec.to_query(**{cursor: place})}"
        for name, cursor, place in (
            ("prev", "before", page.before),
            ("next", "after", page.after),
        )
        if place
    }
    content = {
        "total": page.total,
        "total_is_exact": page.total_is_exact,
        "before": page.before,
        "after": page.after,
        "notices": [each.message for each in state.complaints],
    }
    return sheet_response(
        request, kind, _run_sheet(page.rows, fields_shown), content, neighbors
    )


def experiments_response(
    request: PageRequest, kind: str, page: ExperimentPage, neighbors: dict[str, str]
) -> HttpResponse:
    totals = {"total": page.total, "page": page.page, "pages": page.pages}
    found = {name: request.path + query for name, query in neighbors.items() if query}
    return sheet_response(request, kind, _experiment_sheet(page.rows), totals, found)


def sheet_response(
    request: PageRequest,
    kind: str,
    sheet: Sheet,
    details: dict[str, Any],
    neighbors: dict[str, str],
) -> HttpResponse:
    """Send a sheet; `neighbors` are addresses of pages by `rel` (`next`, `prev`)."""
    if kind == JSON:
        names = [column.name for column in sheet.columns]
        body = {"columns": names, "rows": sheet_as_records(sheet), **details}
        text = json.dumps(body, ensure_ascii=False, allow_nan=False) + "\n"
    elif kind == CSV:
        text = sheet_as_csv(sheet)
    else:
        text = sheet_as_text(sheet, timezone.get_current_timezone())
        text += "".join(f"{line}\n" for line in details.get("notices", ()))
    content_type = kind if kind == JSON else f"{kind}; charset=utf-8"
    response = with_vary_headers(HttpResponse(text, content_type=content_type))
    # RFC 8288; clients find the next page without reading the body.
    links = [
        f'<{request.build_absolute_uri(address)}>; rel="{name}"'
        for name, address in neighbors.items()
    ]
    if links:
        response["Link"] = ", ".join(links)
    if kind != JSON and details.get("notices"):
        response[NOTICE_HEADER] = encode_notices_header(details["notices"])
    return response


def encode_notices_header(notices: Sequence[str]) -> str:
    """Encode notices as ASCII JSON, because they can quote any character."""
    # The header must stay valid JSON, so whole notices are dropped and none is cut.
    for count in range(len(notices), 0, -1):
        left = len(notices) - count
        more = [pgettext("notices that are left out", "%s more") % left] if left else []
        text = json.dumps([*notices[:count], *more])
        if len(text) <= MAX_NOTICE:
            return text
    return json.dumps([pgettext("notices that are left out", "%s more") % len(notices)])


def _run_sheet(rows: Sequence[RunRow], columns: Sequence[Field]) -> Sheet:
    run_id = attribute("id")
    # The ID comes first, whatever columns are shown: scripts need it to address the
    # run.
    shown = [run_id, *(each for each in columns if each != run_id)]
    return Sheet(
        tuple(sheet_column_of(each) for each in shown),
        tuple(tuple(sheet_value_of(row, each) for each in shown) for row in rows),
    )


def sheet_column_of(field: Field) -> SheetColumn:
    kind = _KINDS.get(fields.value_type(field), TEXT_COLUMN)
    if field.kind == METRICS:
        kind = NUMBER_COLUMN
    return SheetColumn(field_text(field), field_label(field), kind)


def sheet_value_of(row: RunRow, field: Field) -> Any:
    if field == attribute("id"):
        return row.run.run_id
    if field == attribute("name"):
        return row.run.name
    if field == attribute("tags"):
        return dict(row.tags)
    value = row.values.get(field)
    if field == attribute("status"):
        value = row.run.state
    return value.value if isinstance(value, RunStatus) else value


def _experiment_sheet(rows: Sequence[ExperimentRow]) -> Sheet:
    columns = (
        SheetColumn("id", _("ID"), NUMBER_COLUMN),
        SheetColumn("name", _("Experiment")),
        SheetColumn("starred", _("Starred")),
        SheetColumn("runs", _("Runs")),
        SheetColumn("latest_run", _("Latest run")),
        SheetColumn("submitter", _("Submitted by")),
        SheetColumn("activity", _("Last activity"), TIME_COLUMN),
        SheetColumn("created", _("Created"), TIME_COLUMN),
    )
    return Sheet(columns, tuple(_experiment_row(row) for row in rows))


def _experiment_row(row: ExperimentRow) -> tuple[Any, ...]:
    latest = row.latest
    return (
        row.experiment.number,
        row.experiment.name,
        row.starred,
        {status.value: n for status, n in row.counts.items() if n},
        latest.run_id if latest else None,
        str(latest.submitter) if latest and latest.submitter else None,
        row.activity,
        row.experiment.created,
    )
