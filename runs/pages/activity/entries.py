"""The lines of the feed: what each change set did, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from runs.actions.undo import UNDO, can_undo
from runs.actions.views import can_undo_view_field
from runs.models import Change, ChangeSet, ChangeWay, Role
from runs.pages.activity.sentences import sentence, subject_link
from runs.pages.requests import PageRequest
from runs.pages.undo import ChangeLine, change_line
from runs.render.formats import local_time, moment
from runs.search.activity import (
    ActivityPage,
    LaterChange,
    list_later_changes,
    undone_sets,
)
from studio.core.filters.fields import moment_text
from studio.core.filters.tree import Moment

WAYS = {
    ChangeWay.BROWSER: gettext_lazy("in the browser"),
    ChangeWay.REST: "REST",
    ChangeWay.MLFLOW: gettext_lazy("MLflow client"),
    ChangeWay.SDK: "SDK",
    ChangeWay.CLI: "CLI",
    ChangeWay.SERVER: gettext_lazy("by the server"),
}


@dataclass(frozen=True)
class ChangedValue:
    """A row of the table below a line."""

    subject: SafeString
    line: ChangeLine


@dataclass(frozen=True)
class ActivityEntry:
    """One line. `undo` and `redo` are addresses, empty where it can't be done."""

    change_set: ChangeSet
    text: SafeString
    way: str
    values: Sequence[ChangedValue]
    undo: str
    redo: str
    undone_by: str
    changed_again_by: str
    runs_href: str

    @property
    def more(self) -> int:
        return max(0, self.change_set.change_count - len(self.values))


@dataclass(frozen=True)
class ActivityDay:
    title: str
    entries: Sequence[ActivityEntry]


def days_of(
    request: PageRequest, page: ActivityPage, hidden: Container[int | None] = ()
) -> list[ActivityDay]:
    """The lines of a page, below the day of the reader's time zone.

    Without the sets whose keys are `hidden`.
    """
    undone, later = undone_sets(page.sets), list_later_changes(page)
    days: dict[date, list[ActivityEntry]] = {}
    zone = timezone.get_current_timezone()
    for each in page.sets:
        if each.pk in hidden:
            continue
        entry = build_entry(request, each, page.changes[each.pk], undone, later)
        days.setdefault(local_time(each.time, zone).date(), []).append(entry)
    today = timezone.localtime().date()
    return [ActivityDay(_day_title(day, today), found) for day, found in days.items()]


def _day_title(day: date, today: date) -> str:
    is_of_this_year = day.year == today.year
    text = date_format(day, "MONTH_DAY_FORMAT" if is_of_this_year else "DATE_FORMAT")
    ago = (today - day).days
    if ago == 0:
        return _("Today, %(day)s") % {"day": text}
    return _("Yesterday, %(day)s") % {"day": text} if ago == 1 else text


def build_entry(
    request: PageRequest,
    change_set: ChangeSet,
    changes: Sequence[Change],
    undone: Mapping[int, Sequence[ChangeSet]],
    later: Mapping[int, LaterChange],
) -> ActivityEntry:
    workspace, viewer = request.workspace.name, request.actor.user
    text = sentence(
        change_set, changes, undone.get(change_set.pk, ()), viewer, workspace
    )
    can = _can_undo(request, change_set, changes)
    overwritten = later.get(change_set.pk)
    unknown = pgettext("who made a change", "The server")
    undo_of = change_set.undone_by if change_set.is_undone else None
    return ActivityEntry(
        change_set,
        text,
        str(WAYS.get(change_set.way, "")),  # type: ignore[call-overload]
        changed_values(changes, workspace) if change_set.change_count > 1 else (),
        _undo_path(workspace, change_set.pk) if can and undo_of is None else "",
        _undo_path(workspace, undo_of.pk) if can and undo_of is not None else "",
        _undone_text(undo_of, unknown) if undo_of else "",
        str(overwritten.actor or unknown) if overwritten else "",
        _runs_href(workspace, change_set),
    )


def changed_values(changes: Sequence[Change], workspace: str) -> list[ChangedValue]:
    return [
        ChangedValue(
            subject_link(each, workspace),
            change_line(each.field, each.before, each.after),
        )
        for each in changes
    ]


def _can_undo(
    request: PageRequest, change_set: ChangeSet, changes: Sequence[Change]
) -> bool:
    """Whether to offer it; the action checks each value again."""
    is_own = change_set.actor_id == request.actor.user.pk
    if changes and changes[0].view_id is not None:
        # Only the author can: the view may have been private at that time.
        return is_own and all(can_undo_view_field(each.field) for each in changes)
    if request.role < Role.CONTRIBUTOR and not change_set.is_personal:
        return False
    return can_undo(change_set, changes, request.actor)


def _undo_path(workspace: str, number: int) -> str:
    return reverse("undo-change", args=[workspace, number])


def _undone_text(undo: ChangeSet, unknown: str) -> str:
    when = moment(
        local_time(undo.time, timezone.get_current_timezone()), timezone.localtime()
    )
    names = {"who": undo.actor or unknown, "when": when}
    if undo.action == UNDO:
        return _("Undone by %(who)s, %(when)s") % names
    return _("Restored by %(who)s, %(when)s") % names


def _runs_href(workspace: str, change_set: ChangeSet) -> str:
    """The list of the changed runs: those that this member changed at this moment."""
    if change_set.run_count < 2 or change_set.actor is None:
        return ""
    time = moment_text(Moment(change_set.time, change_set.time + 1, "ms"))
    q = f'changed:{time} changed_by:"{change_set.actor.username}"'
    query = urlencode({"q": q, "children": "1", "archived": "1"})
    return f"{reverse('run-list', args=[workspace])}?{query}"
