"""The activity as a file, one row for each changed value, streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from runs.models import Change, ChangeSet, now_ms
from runs.pages.activity.activity_state import ActivityState
from runs.pages.requests import PageRequest, content_disposition, csv_response
from runs.search.activity import ActivityQuery, activity_query, iterate_activity
from studio.core.errors import InvalidValue
from studio.core.filters.fields import moment_text
from studio.core.filters.tree import Moment

COLUMNS = (
    "change",
    "time",
    "member",
    "token",
    "way",
    "kind",
    "action",
    "undone",
    "run",
    "experiment",
    "view",
    "model",
    "field",
    "before",
    "after",
)


def export_activity(
    request: PageRequest, state: ActivityState, form: str
) -> StreamingHttpResponse:
    """Raises InvalidValue for another format than CSV and JSON."""
    if form not in ("csv", "json"):
        raise InvalidValue(_("format must be csv or json."), field="format")
    query = activity_query(
        state.exported().wanted, request.actor.user, request.workspace, now=now_ms()
    )
    name = f"activity-{request.workspace.name}.{form}"
    if form == "csv":
        return csv_response(_sheet(query), name)
    response = StreamingHttpResponse(_json_parts(query))
    response["Content-Type"] = "application/json"
    response["Content-Disposition"] = content_disposition(name, True)
    return response


def _sheet(query: ActivityQuery) -> Iterator[list[object]]:
    yield list(COLUMNS)
    for row in _rows(query):
        values = [row[name] for name in COLUMNS]
        yield [_cell(value) for value in values]


def _cell(value: Any) -> object:
    if value is None:
        return ""
    is_plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _json_parts(query: ActivityQuery) -> Iterator[str]:
    yield '{"changes": ['
    separator = "\n"
    for row in _rows(query):
        yield separator + json.dumps(row, ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def _rows(query: ActivityQuery) -> Iterator[dict[str, Any]]:
    for change_set, changes in iterate_activity(query):
        for change in changes:
            yield _row(change_set, change)


def _row(found: ChangeSet, change: Change) -> dict[str, Any]:
    place = change.experiment
    return {
        "change": found.pk,
        "time": moment_text(Moment(found.time, found.time + 1, "ms")) + "Z",
        "member": found.actor.username if found.actor else None,
        "token": found.token.name if found.token else None,
        "way": found.way,
        "kind": found.kind,
        "action": found.action,
        "undone": found.is_undone,
        "run": change.run.run_id if change.run else None,
        "experiment": place.name if place else None,
        "view": change.view.slug if change.view else None,
        "model": change.registered_model.name if change.registered_model else None,
        "field": change.field,
        "before": change.before,
        "after": change.after,
    }
