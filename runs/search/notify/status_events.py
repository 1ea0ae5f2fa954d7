"""Status changes of a workspace, as `AmlRunStatusChangedEvent` lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from runs.models import StatusChange, User, Workspace
from runs.search.query import runs_matching
from runs.search.sql import time_limit
from studio.core.filters import parse
from studio.core.filters.fields import moment_text
from studio.core.filters.tree import Moment
from studio.core.statuses import RunStatus

PAGE_SIZE = 50
EXPORT_STEP = 500
#: The names of Azure's table that mean something here, in its order.
EVENT_COLUMNS = (
    "TimeGenerated",
    "RunId",
    "ParentRunId",
    "RootRunId",
    "Status",
    "PreviousStatus",
    "Message",
    "TriggeringUserName",
    "WorkspaceId",
    "WorkspaceName",
    "OperationName",
    "Level",
    "DurationMs",
    "Type",
)
CATEGORY = "AmlRunStatusChangedEvent"
_LEVELS = {"warning": "Warning", "error": "Error", "critical": "Critical"}


@dataclass(frozen=True)
class EventPage:
    """Events, the newest first; `older` is the key to continue before."""

    events: list[StatusChange]
    older: int | None


def list_status_events(
    workspace: Workspace, viewer: User, q: str, *, now: int, before: int | None = None
) -> EventPage:
    """Return the status changes of runs that match; raises InvalidFilter."""
    with time_limit():
        found = _read(_events(workspace, viewer, q, now), before, PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return EventPage(shown, shown[-1].pk if len(found) > PAGE_SIZE else None)


def iterate_status_events(
    workspace: Workspace, viewer: User, q: str, *, now: int
) -> Iterator[StatusChange]:
    """All matching status changes, in steps: an export has no limit."""
    rows = _events(workspace, viewer, q, now)
    before: int | None = None
    while found := _read(rows, before, EXPORT_STEP):
        yield from found
        before = found[-1].pk


def _events(
    workspace: Workspace, viewer: User, q: str, now: int
) -> QuerySet[StatusChange]:
    rows = StatusChange.objects.filter(
        workspace=workspace, workspace__members__user=viewer
    )
    node = parse(q)
    if node is None:
        return rows
    runs = runs_matching(node, viewer=viewer, workspace=workspace, now=now)
    return rows.filter(event__run__in=runs.order_by().values("pk"))


def _read(
    rows: QuerySet[StatusChange], before: int | None, limit: int
) -> list[StatusChange]:
    if before is not None:
        rows = rows.filter(event__lt=before)
    rows = rows.select_related(
        "event__run__root",
        "event__run__parent",
        "event__run__experiment",
        "event__actor",
        "workspace",
    )
    return list(rows.order_by(F("event").desc())[:limit])


def event_row(change: StatusChange) -> dict[str, Any]:
    """Return the event by Azure's column names; times in UTC."""
    event = change.event
    run, new = event.run, RunStatus.from_code(event.new)
    is_end = new.is_final and run.started is not None
    level = "Error" if new is RunStatus.FAILED else "Informational"
    return {
        "TimeGenerated": moment_text(Moment(event.time, event.time + 1, "ms")) + "Z",
        "RunId": run.run_id,
        "ParentRunId": run.parent.run_id if run.parent else run.parent_run_id or None,
        "RootRunId": run.root.run_id if run.root else run.run_id,
        "Status": str(new),
        "PreviousStatus": (
            None if event.old is None else str(RunStatus.from_code(event.old))
        ),
        "Message": event.message,
        "TriggeringUserName": event.actor.username if event.actor else None,
        "WorkspaceId": change.workspace.pk,
        "WorkspaceName": change.workspace.name,
        "OperationName": f"Run{new}",
        "Level": _LEVELS.get(event.level, level),
        "DurationMs": event.time - run.started if is_end and run.started else None,
        "Type": CATEGORY,
    }
