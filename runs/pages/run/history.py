"""The tab *History* of the run page: changes and events in one timeline."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import RunEvent
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.pages.undo import HistoryRow, change_set_row, who_and_token
from runs.search.run import HistoryEntry, list_history
from studio.core.statuses import CODES

INITIAL_ROWS, MAX_ROWS = 50, 1600
STATUSES = {code: status.value for status, code in CODES.items()}


@access(Permission.READ)
@require_safe
def history_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    text = request.GET.get("rows", "")
    limit = (
        min(int(text), MAX_ROWS) if text.isdecimal() and len(text) < 6 else INITIAL_ROWS
    )
    entries, more = list_history(head.run, max(limit, 1))
    context = {
        "entries": [_history_row(request, entry) for entry in entries],
        # Doubling reaches the end of a long history in a few clicks.
        "more": min(limit * 2, MAX_ROWS) if more and limit < MAX_ROWS else 0,
        "cut": more and limit >= MAX_ROWS,
    }
    return show_run_tab(request, head, "history", etag, context)


def _history_row(request: PageRequest, entry: HistoryEntry) -> HistoryRow:
    if entry.event is not None:
        return _event_row(entry.event)
    assert entry.change_set is not None
    return change_set_row(request, entry.change_set, entry.changes, runs=entry.runs)


def _event_row(event: RunEvent) -> HistoryRow:
    status = STATUSES.get(event.new, "")
    # A request, such as one to cancel, is recorded even if it leaves the status alone.
    moved = event.old != event.new
    title = pgettext("event", "Created") if event.old is None else ""
    return HistoryRow(
        f"e{event.pk}",
        event.time,
        title or ("" if moved else pgettext("step of canceling a run", "Requested")),
        *who_and_token(event),
        status=status if moved else "",
        note=event.message,
    )
