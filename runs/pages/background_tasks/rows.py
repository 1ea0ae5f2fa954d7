"""A background task in words: what it does, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import (
    gettext_lazy,
    ngettext,
    ngettext_lazy,
    pgettext_lazy,
)

from runs.actions.bulk import Skip
from runs.actions.run_list import EXPORT_LIFETIME_MS
from runs.models import BackgroundTask, TaskKind, TaskState
from runs.pages.bulk import skip_texts, with_number
from runs.pages.undo import ChangeLine, change_line
from runs.render.formats import duration, grouped

#: What a task does, by the action of its change set.
TITLES = {
    "set tags": gettext_lazy("Tag runs"),
    "rename run": gettext_lazy("Rename runs"),
    "archive run": gettext_lazy("Archive runs"),
    "unarchive run": gettext_lazy("Unarchive runs"),
    "trash run": gettext_lazy("Move runs to the trash"),
    "restore run": gettext_lazy("Restore runs"),
    "cancel run": gettext_lazy("Cancel runs"),
    "move run": gettext_lazy("Move runs"),
    "mark run": gettext_lazy("Mark runs as ended"),
    "lock run": gettext_lazy("Lock runs"),
    "unlock run": gettext_lazy("Unlock runs"),
    "star": gettext_lazy("Star runs"),
    "unstar": gettext_lazy("Remove stars"),
    "undo": gettext_lazy("Undo a change of many runs"),
    "redo": gettext_lazy("Redo a change of many runs"),
    "retention of runs": gettext_lazy("Retention rule: move runs to the trash"),
    "retention of files": gettext_lazy("Retention rule: delete files"),
    "export histories": gettext_lazy("Export full histories"),
    "purge": gettext_lazy("Purge the trash"),
    "purge run": gettext_lazy("Delete runs forever"),
    "index logs": gettext_lazy("Index logs for search"),
}
STATE_LABELS = {
    TaskState.WAITING: pgettext_lazy("state of a background task", "Queued"),
    TaskState.RUNNING: pgettext_lazy("state of a background task", "Running"),
    TaskState.DONE: pgettext_lazy("state of a background task", "Done"),
    TaskState.STOPPED: pgettext_lazy("state of a background task", "Stopped"),
    TaskState.FAILED: pgettext_lazy("state of a background task", "Failed"),
}
_UNDO_SKIPS = {
    "changed": ngettext_lazy(
        "%(number)s value was changed since",
        "%(number)s values were changed since",
        "n",
    ),
    "same": ngettext_lazy(
        "%(number)s value was restored already",
        "%(number)s values were restored already",
        "n",
    ),
    "experiment_deleted": ngettext_lazy(
        "%(number)s run was moved from an experiment that is deleted",
        "%(number)s runs were moved from an experiment that is deleted",
        "n",
    ),
    "name": ngettext_lazy(
        "%(number)s name is taken", "%(number)s names are taken", "n"
    ),
    "not_supported": ngettext_lazy(
        "%(number)s value can’t be undone", "%(number)s values can’t be undone", "n"
    ),
}
#: Before a rate is known well enough to tell how long the rest takes.
MIN_MEASURED_MS = 2_000


@dataclass(frozen=True)
class LaterValue:
    """A value that an undo left, because it was changed since."""

    run_id: str
    line: ChangeLine


@dataclass(frozen=True)
class TaskRow:
    """A task as the page shows it; empty texts are left out."""

    task: BackgroundTask
    title: str
    state: str
    progress: str
    time_left: str
    skipped: tuple[str, ...]
    later: tuple[LaterValue, ...]
    can_stop: bool
    can_undo: bool
    #: The undo that left later values can overwrite them.
    overwrites: int | None
    #: The number of the export, for who requested it.
    export: int | None


def task_row(
    task: BackgroundTask,
    now: int,
    *,
    can_stop: bool,
    can_undo: bool,
    is_own: bool = False,
) -> TaskRow:
    """Return the row of a task; no query."""
    is_undo = task.kind == TaskKind.UNDO
    later = task.result.get("later", [])
    return TaskRow(
        task,
        title=str(TITLES.get(task.action, task.action.capitalize())),
        state=str(STATE_LABELS[TaskState(task.state)]),
        progress=_progress(task),
        time_left=_time_left(task, now),
        skipped=tuple(_skipped(task.skipped_counts, is_undo=is_undo)),
        later=tuple(_later_value(each) for each in later),
        can_stop=can_stop and task.is_open,
        can_undo=can_undo and not task.is_open and task.change_set_id is not None,
        overwrites=task.request.get("change_set")
        if is_undo and later and can_undo and not task.is_open
        else None,
        export=_readable_export(task, now) if is_own else None,
    )


def _readable_export(task: BackgroundTask, now: int) -> int | None:
    """Return the number of an export that has a page: for a day."""
    number: int | None = task.request.get("export")
    return number if task.created >= now - EXPORT_LIFETIME_MS else None


def _progress(task: BackgroundTask) -> str:
    kind = TaskKind(task.kind)
    if task.state == TaskState.DONE:
        if kind == TaskKind.LOG_INDEX:
            return _("%(size)s indexed") % {"size": filesizeformat(task.changed)}
        return with_number(_DONE[kind], task.changed)
    if kind == TaskKind.LOG_INDEX:
        sizes = {
            "position": filesizeformat(task.position),
            "total": filesizeformat(task.total),
        }
        return _("%(position)s of %(total)s") % sizes
    names = {"position": grouped(task.position), "total": grouped(task.total)}
    if kind == TaskKind.UNDO:
        text = ngettext(
            "%(position)s of %(total)s value", "%(position)s of %(total)s values",
            task.total,
        )  # fmt: skip
    else:
        text = ngettext(
            "%(position)s of %(total)s run", "%(position)s of %(total)s runs",
            task.total,
        )  # fmt: skip
    return text % names


_DONE = {
    TaskKind.CHANGE: ngettext_lazy(
        "%(number)s run changed", "%(number)s runs changed", "n"
    ),
    TaskKind.UNDO: ngettext_lazy(
        "%(number)s value restored", "%(number)s values restored", "n"
    ),
    TaskKind.EXPORT: ngettext_lazy(
        "%(number)s run exported", "%(number)s runs exported", "n"
    ),
    TaskKind.PURGE: ngettext_lazy(
        "%(number)s run purged", "%(number)s runs purged", "n"
    ),
}


def _time_left(task: BackgroundTask, now: int) -> str:
    if task.state != TaskState.RUNNING or not task.started or not task.position:
        return ""
    spent = now - task.started
    if spent < MIN_MEASURED_MS:
        return ""
    left = spent * (task.total - task.position) // task.position
    return _("about %(time)s left") % {"time": duration(left)}


def _skipped(counts: Mapping[str, int], *, is_undo: bool) -> list[str]:
    return [
        with_number(_UNDO_SKIPS[each], n)
        if is_undo and each in _UNDO_SKIPS
        else skip_texts([(Skip(each), n)])[0]
        for each, n in counts.items()
    ]


def _later_value(later: Mapping[str, Any]) -> LaterValue:
    line = change_line(later["field"], later["before"], later["now"])
    return LaterValue(later.get("run") or "", line)
