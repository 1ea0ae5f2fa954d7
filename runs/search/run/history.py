"""What happened to a run: its change sets and events, in one timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from runs.models import (
    ApiToken,
    Change,
    ChangeKind,
    ChangeSet,
    Run,
    RunEvent,
    User,
    Workspace,
)
from studio.core.errors import NotFound


@dataclass(frozen=True)
class HistoryEntry:
    """One of both; `changes` are those of this run, `runs` how many the set touched."""

    time: int
    event: RunEvent | None = None
    change_set: ChangeSet | None = None
    changes: Sequence[Change] = ()
    runs: int = 1


def list_history(run: Run, limit: int) -> tuple[list[HistoryEntry], bool]:
    """The newest first; and whether there are more."""
    # One entry more than the limit shows whether there are more.
    entries = [*_run_changes(run, limit + 1), *_run_events(run, limit + 1)]
    entries.sort(key=lambda entry: entry.time, reverse=True)
    return entries[:limit], len(entries) > limit


def _run_changes(run: Run, limit: int) -> list[HistoryEntry]:
    own = Change.objects.filter(run=run)
    newest = own.order_by("-change_set").values("change_set").distinct()[:limit]
    sets = (
        ChangeSet.objects.filter(pk__in=[row["change_set"] for row in newest])
        .select_related("actor", "token", "alert_rule")
        .prefetch_related(Prefetch("changes", own.order_by("pk"), to_attr="of_run"))
        .order_by("-pk")
    )
    return [
        HistoryEntry(
            each.time, change_set=each, changes=each.of_run, runs=each.run_count
        )
        for each in sets
    ]


def _run_events(run: Run, limit: int) -> list[HistoryEntry]:
    events = RunEvent.objects.filter(run=run).select_related("actor", "token")
    return [
        HistoryEntry(event.time, event=event)
        for event in events.order_by("-pk")[:limit]
    ]


def last_change_of_run_by(run: Run, user: User) -> ChangeSet | None:
    """What that person changed last about the run, by hand."""
    return (
        ChangeSet.objects.filter(
            workspace=run.workspace_id, actor=user, token=None, changes__run=run
        )
        # A public link is no edit of the run.
        .exclude(kind=ChangeKind.MEMBERS)
        .order_by("-pk")
        .first()
    )


def last_change_in_workspace_by(
    workspace: Workspace, user: User, token: ApiToken | None = None
) -> ChangeSet | None:
    """What that person changed last in the workspace: by hand, or with the token."""
    mine = ChangeSet.objects.filter(workspace=workspace, actor=user, token=token)
    # Tokens and invitations are no edits of the workspace's data.
    mine = mine.exclude(kind=ChangeKind.MEMBERS)
    return mine.order_by("-time", "-pk").first()


def find_change_set_in(workspace: Workspace, number: int) -> ChangeSet:
    """A set of the workspace that changed no view; raises NotFound.

    Changes of views are visible to their author only (`find_view_change`).
    """
    sets = ChangeSet.objects.filter(workspace=workspace, pk=number)
    found = sets.exclude(changes__view__isnull=False).first()
    if found is None:
        raise NotFound(_("This change doesn't exist in this workspace."))
    return found


def find_change_set_of(run: Run, number: int) -> ChangeSet:
    """A set that touched the run; raises NotFound."""
    found = ChangeSet.objects.filter(pk=number, changes__run=run).first()
    if found is None:
        raise NotFound(_("This change of the run doesn't exist."))
    return found
