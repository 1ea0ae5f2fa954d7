"""Pages of change sets, the newest first, and the changes of each.

A change set can have thousands of changes, so a page reads the first few of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from runs.models import Change, ChangeSet, User, Workspace
from runs.search.activity.bounded_scans import (
    ActivityScan,
    plan_scan,
    position_of,
    read_position,
    write_position,
)
from runs.search.activity.matching_sets import (
    UNDO_ACTIONS,
    ActivityQuery,
    visible_sets,
)
from runs.search.sql import QUERY_SECONDS, time_limit
from studio.core.errors import NotFound

PAGE_SETS = 50
#: Rows of each step of an export.
EXPORT_STEP = 500
#: Changes that came after those of a page: enough to warn of an undo.
MAX_LATER = 500
#: Long texts that no line shows.
_UNREAD = ("experiment__description", "view__spec", "view__description", "view__words")
_RELATED = (
    "actor",
    "token",
    "alert_rule",
    "experiment",
    "view__owner",
    "undone_by__actor",
    "undone_by__token",
)


@dataclass(frozen=True)
class ActivityPage:
    """`after` is the cursor of the next page, empty at the end.

    `changes` are the first changes of each set, by its key.
    """

    sets: Sequence[ChangeSet]
    after: str
    changes: Mapping[int, Sequence[Change]]
    #: If the search stopped before the page was full: the time of the last set that was
    #: looked at, in ms. Older ones can match.
    searched_to: int | None = None


def find_activity(
    query: ActivityQuery, *, after: str = "", limit: int = PAGE_SETS, preview: int = 3
) -> ActivityPage:
    """Raises InvalidValue for a wrong cursor, QueryTimeout."""
    with time_limit(QUERY_SECONDS):
        scan = plan_scan(query, read_position(after))
        found = _newest(scan, limit + 1)
        sets = found[:limit]
        changes = list_first_changes(sets, preview)
    if len(found) > limit:
        return ActivityPage(sets, write_position(position_of(sets[-1])), changes)
    if scan.end is None:
        return ActivityPage(sets, "", changes)
    return ActivityPage(sets, write_position(scan.end), changes, scan.end[0])


def _newest(scan: ActivityScan, limit: int) -> list[ChangeSet]:
    found: list[ChangeSet] = []
    for part in scan.parts:
        rows = part.order_by("-time", "-pk").select_related(*_RELATED)
        found += rows.defer(*_UNREAD)[:limit]
    return sorted(found, key=position_of, reverse=True)[:limit]


def list_first_changes(
    sets: Sequence[ChangeSet], count: int
) -> dict[int, list[Change]]:
    """The first changes of each set, with names of runs and experiments."""
    found: dict[int, list[Change]] = {each.pk: [] for each in sets}
    if not sets or not count:
        return found
    # A limit for each set: both databases read it along their index.
    one = "SELECT id FROM (SELECT id FROM runs_change WHERE change_set_id = %s"
    part = f"{one} ORDER BY id LIMIT {int(count)}) AS part"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([part] * len(sets)), list(found))
        keys = [key for (key,) in cursor.fetchall()]
    for change in _with_names(Change.objects.filter(pk__in=keys)).order_by("pk"):
        found[change.change_set_id].append(change)
    return found


def _with_names(changes: QuerySet[Change]) -> QuerySet[Change]:
    related = ("run", "experiment", "view", "registered_model")
    return changes.select_related(*related).only(
        "change_set",
        "run",
        "experiment",
        "view",
        "registered_model",
        "field",
        "before",
        "after",
        "run__run_id",
        "run__name",
        "run__deleted",
        "run__experiment_id",
        "experiment__name",
        "experiment__number",
        "view__slug",
        "view__name",
        "registered_model__name",
    )


def list_changes_of(
    change_set: ChangeSet, *, after: int = 0, limit: int
) -> tuple[list[Change], bool]:
    """A part of its changes, behind a change's key; and whether there are more."""
    rows = _with_names(Change.objects.filter(change_set=change_set, pk__gt=after))
    found = list(rows.order_by("pk")[: limit + 1])
    return found[:limit], len(found) > limit


def find_visible_set(workspace: Workspace, viewer: User, number: int) -> ChangeSet:
    """A change set that the viewer sees. Raises NotFound."""
    # A longer number can exceed 64 bits, which both databases refuse.
    key = number if number < 2**63 else 0
    rows = visible_sets(viewer, workspace).filter(pk=key)
    found = rows.select_related(*_RELATED).first()
    if found is None:
        raise NotFound(_("This change doesn't exist in this workspace."))
    result: ChangeSet = found
    return result


def iterate_activity(query: ActivityQuery) -> Iterator[tuple[ChangeSet, list[Change]]]:
    """All matching sets with all their changes, in steps: an export has no limit."""
    after = ""
    while True:
        page = find_activity(query, after=after, limit=EXPORT_STEP, preview=0)
        for each in page.sets:
            last, more = 0, True
            while more:
                changes, more = list_changes_of(each, after=last, limit=EXPORT_STEP)
                yield each, changes
                last = changes[-1].pk if changes else 0
        after = page.after
        if not after:
            return


@dataclass(frozen=True)
class LaterChange:
    """A change of the same value after a change set."""

    actor: User | None
    time: int


def list_later_changes(page: ActivityPage) -> dict[int, LaterChange]:
    """Which sets of the page were overwritten by a later change, by their keys."""
    wanted: dict[tuple[int, str], list[Change]] = {}
    for each in page.sets:
        if each.is_undone:
            continue
        for change in page.changes.get(each.pk, ()):
            if change.run_id is not None:
                wanted.setdefault((change.run_id, change.field), []).append(change)
    if not wanted:
        return {}
    first = min(change.pk for changes in wanted.values() for change in changes)
    rows = Change.objects.filter(
        pk__gt=first,
        run__in={run for run, _field in wanted},
        field__in={field for _run, field in wanted},
        change_set__is_undone=False,
        change_set__is_personal=False,
    )
    # What an undo restored and its redo changed again stands in the redone set.
    rows = rows.exclude(change_set__action__in=UNDO_ACTIONS)
    found: dict[int, LaterChange] = {}
    for row in rows.select_related("change_set__actor").order_by("pk")[:MAX_LATER]:
        later = LaterChange(row.change_set.actor, row.change_set.time)
        for change in wanted.get((row.run_id or 0, row.field), ()):
            if change.pk < row.pk:
                found[change.change_set_id] = later
    return found


def undone_sets(undos: Sequence[ChangeSet]) -> dict[int, list[ChangeSet]]:
    """What undos undid, by their keys; at most a page's worth of each."""
    keys = [each.pk for each in undos if each.action in UNDO_ACTIONS]
    found: dict[int, list[ChangeSet]] = {}
    if keys:
        rows = ChangeSet.objects.filter(undone_by__in=keys).select_related("actor")
        for row in rows.order_by("-pk")[:MAX_LATER]:
            found.setdefault(row.undone_by_id or 0, []).append(row)
    return found
