"""The actions in the tray of selected runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import Run
from runs.pages.lists import MATCHING_PARAMETER, ListLinks
from runs.render import formats
from runs.search.query import SelectedRun, VisibleSelection
from studio.core.batches import batches

#: Runs that one statement names.
RUNS_PER_STATEMENT = 1000


@dataclass(frozen=True)
class TrayAction:
    """An action on the selected runs; `count` tells to how many of them it applies."""

    action: str
    label: str
    icon: str
    href: str
    count: str = ""
    is_danger: bool = False


def tray_actions(
    links: ListLinks, chosen: VisibleSelection, first: Sequence[SelectedRun]
) -> list[TrayAction]:
    """Return the actions that have a button; `first` are some of the selected runs."""
    found = [
        _action(links, "tag", pgettext("action", "Tag"), "tag"),
        _action(links, "rename", pgettext("action", "Rename"), "edit"),
        _action(links, "move", pgettext("action", "Move"), "move"),
        _action(links, "archive", pgettext("action", "Archive"), "archive"),
    ]
    active = _count_active(chosen, first)
    if active:
        label = pgettext("action on runs", "Cancel")
        count = formats.grouped(active) if active < chosen.total else ""
        found.append(_action(links, "cancel", label, "cancel", count))
    label = pgettext("action", "Delete")
    return [*found, _action(links, "delete", label, "trash", is_danger=True)]


def more_tray_actions(
    links: ListLinks,
    chosen: VisibleSelection,
    first: Sequence[SelectedRun],
    *,
    can_edit: bool,
) -> list[TrayAction]:
    """Return the actions of the menu that apply to at least one selected run.

    `first` are some of the selected runs; others can be anything.
    """
    found = [
        _action(links, "star", pgettext("action", "Star"), "star"),
        _action(links, "unstar", _("Remove star"), "star"),
    ]
    if not can_edit:
        return found
    runs = [each.run for each in first]
    has_more = len(runs) < chosen.total

    def applies(to: Callable[[Run], bool]) -> bool:
        return has_more or any(to(run) for run in runs)

    lock, unlock = pgettext("action", "Lock"), pgettext("action", "Unlock")
    mark = _("Mark as completed or failed")
    unarchive, restore = pgettext("action", "Unarchive"), pgettext("action", "Restore")
    offered = (
        (applies(lambda run: not run.locked), "lock", lock, "lock"),
        (applies(lambda run: run.locked), "unlock", unlock, "lock"),
        (applies(lambda run: run.state.is_active), "mark", mark, "check"),
        (
            applies(lambda run: run.archived is not None),
            "unarchive",
            unarchive,
            "archive",
        ),
        (applies(lambda run: run.deleted is not None), "restore", restore, "undo"),
    )
    return [
        *found,
        *(_action(links, name, label, icon) for on, name, label, icon in offered if on),
    ]


def matching_actions(
    links: ListLinks, bound: str, *, can_edit: bool
) -> list[TrayAction]:
    """Return the actions on all matching runs; they can be anything."""
    lock, unlock = pgettext("action", "Lock"), pgettext("action", "Unlock")
    edits = (
        ("tag", pgettext("action", "Tag"), "tag"),
        ("rename", pgettext("action", "Rename"), "edit"),
        ("move", pgettext("action", "Move"), "move"),
        ("archive", pgettext("action", "Archive"), "archive"),
        ("unarchive", pgettext("action", "Unarchive"), "archive"),
        ("cancel", pgettext("action on runs", "Cancel"), "cancel"),
        ("mark", _("Mark as completed or failed"), "check"),
        ("lock", lock, "lock"),
        ("unlock", unlock, "lock"),
        ("restore", pgettext("action", "Restore"), "undo"),
        ("delete", pgettext("action", "Delete"), "trash"),
    )
    stars = (
        ("star", pgettext("action", "Star"), "star"),
        ("unstar", _("Remove star"), "star"),
    )
    without_selection = replace(links, spec=links.spec.changed(selected=()))
    return [
        TrayAction(
            action,
            label,
            icon,
            without_selection.part_address(
                f"bulk/{action}", **{MATCHING_PARAMETER: bound}
            ),
        )
        for action, label, icon in (*(edits if can_edit else ()), *stars)
    ]


def _action(
    links: ListLinks,
    action: str,
    label: str,
    icon: str,
    count: str = "",
    *,
    is_danger: bool = False,
) -> TrayAction:
    href = links.part_address(f"bulk/{action}")
    return TrayAction(action, label, icon, href, count, is_danger)


def _count_active(chosen: VisibleSelection, first: Sequence[SelectedRun]) -> int:
    """Return how many of the selected runs have not ended."""
    if len(first) == chosen.total:
        return sum(each.run.state.is_active for each in first)
    active = Run.objects.active()
    keys = sorted(chosen.number_by_key)
    return sum(
        active.filter(pk__in=some).count() for some in batches(keys, RUNS_PER_STATEMENT)
    )
