"""The simple actions on selected runs: their texts, and what each changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from runs.access import Permission
from runs.actions.bulk import (
    BulkChange,
    CancelChange,
    FlagChange,
    LockChange,
    Skip,
    StarChange,
)
from runs.models import Role, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import grouped


@dataclass(frozen=True)
class BulkAction:
    """An action whose dialog only asks. Texts with a number are for `with_number`."""

    need: Permission
    #: The dialog's title and its button.
    title: Any
    #: The message afterwards.
    done: Any
    note: Any
    change: Callable[[PageRequest], BulkChange]
    #: Whether the dialog offers to include child runs.
    has_children: bool = False
    is_danger: bool = False
    #: Whether the child runs in the trash belong to it.
    is_of_trash: bool = False


def with_number(text: Any, n: int) -> str:
    """Fill in a text of `ngettext_lazy`, which has `%(number)s` and decides by `n`."""
    return str(text % {"n": n, "number": grouped(n)})


def _archive(request: PageRequest) -> BulkChange:
    del request
    return FlagChange("archived", True, now_ms())


def _unarchive(request: PageRequest) -> BulkChange:
    del request
    return FlagChange("archived", False, now_ms())


def _delete(request: PageRequest) -> BulkChange:
    del request
    return FlagChange("deleted", True, now_ms())


def _restore(request: PageRequest) -> BulkChange:
    del request
    return FlagChange("deleted", False, now_ms())


def _lock(request: PageRequest) -> BulkChange:
    return LockChange(True, request.actor, request.role == Role.OWNER, now_ms())


def _unlock(request: PageRequest) -> BulkChange:
    return LockChange(False, request.actor, request.role == Role.OWNER, now_ms())


def _star(request: PageRequest) -> BulkChange:
    return StarChange(request.actor.user, True)


def _unstar(request: PageRequest) -> BulkChange:
    return StarChange(request.actor.user, False)


def _cancel(request: PageRequest) -> BulkChange:
    return CancelChange(request.actor, now_ms())


_UNDO_NOTE = gettext_lazy("Undo restores all of these runs at once.")
ACTIONS = {
    "archive": BulkAction(
        Permission.ANNOTATE,
        ngettext_lazy("Archive %(number)s run", "Archive %(number)s runs", "n"),
        ngettext_lazy("%(number)s run archived", "%(number)s runs archived", "n"),
        _UNDO_NOTE,
        _archive,
        has_children=True,
    ),
    "unarchive": BulkAction(
        Permission.ANNOTATE,
        ngettext_lazy("Unarchive %(number)s run", "Unarchive %(number)s runs", "n"),
        ngettext_lazy("%(number)s run unarchived", "%(number)s runs unarchived", "n"),
        _UNDO_NOTE,
        _unarchive,
        has_children=True,
    ),
    "delete": BulkAction(
        Permission.TRASH,
        ngettext_lazy("Delete %(number)s run", "Delete %(number)s runs", "n"),
        ngettext_lazy(
            "%(number)s run moved to the trash",
            "%(number)s runs moved to the trash",
            "n",
        ),
        gettext_lazy(
            "They stay in the trash for 30 days. Undo restores all of them at once."
        ),
        _delete,
        has_children=True,
        is_danger=True,
    ),
    "restore": BulkAction(
        Permission.TRASH,
        ngettext_lazy("Restore %(number)s run", "Restore %(number)s runs", "n"),
        ngettext_lazy(
            "%(number)s run restored from the trash",
            "%(number)s runs restored from the trash",
            "n",
        ),
        gettext_lazy("Undo moves all of them to the trash again."),
        _restore,
        has_children=True,
        is_of_trash=True,
    ),
    "lock": BulkAction(
        Permission.LOCK,
        ngettext_lazy("Lock %(number)s run", "Lock %(number)s runs", "n"),
        ngettext_lazy("%(number)s run locked", "%(number)s runs locked", "n"),
        gettext_lazy(
            "Locked runs are read-only for everyone. Their own scripts log until they "
            "end. Undo unlocks them again, as you and owners can at any time."
        ),
        _lock,
    ),
    "unlock": BulkAction(
        Permission.LOCK,
        ngettext_lazy("Unlock %(number)s run", "Unlock %(number)s runs", "n"),
        ngettext_lazy("%(number)s run unlocked", "%(number)s runs unlocked", "n"),
        gettext_lazy(
            "All contributors can change and delete unlocked runs. Undo locks them "
            "again, in your name."
        ),
        _unlock,
    ),
    "star": BulkAction(
        Permission.STAR,
        ngettext_lazy("Star %(number)s run", "Star %(number)s runs", "n"),
        ngettext_lazy("%(number)s run starred", "%(number)s runs starred", "n"),
        _UNDO_NOTE,
        _star,
    ),
    "unstar": BulkAction(
        Permission.STAR,
        ngettext_lazy("Remove %(number)s star", "Remove %(number)s stars", "n"),
        ngettext_lazy("%(number)s star removed", "%(number)s stars removed", "n"),
        _UNDO_NOTE,
        _unstar,
    ),
    "cancel": BulkAction(
        Permission.CANCEL,
        ngettext_lazy("Cancel %(number)s run", "Cancel %(number)s runs", "n"),
        ngettext_lazy(
            "Cancel requested for %(number)s run",
            "Cancel requested for %(number)s runs",
            "n",
        ),
        gettext_lazy(
            "The runs are requested to stop and keep what they have logged. "
            "A cancel can't be undone."
        ),
        _cancel,
        has_children=True,
    ),
}

_SKIP_TEXTS = {
    Skip.SAME: ngettext_lazy(
        "%(number)s run has it already", "%(number)s runs have it already", "n"
    ),
    Skip.LOCKED: ngettext_lazy(
        "%(number)s run is locked",
        "%(number)s runs are locked",
        "n",
    ),
    Skip.TREE_LOCKED: ngettext_lazy(
        "%(number)s run belongs to a tree with a locked run",
        "%(number)s runs belong to trees with a locked run",
        "n",
    ),
    Skip.LOCKED_BY_OTHERS: ngettext_lazy(
        "another member locked %(number)s run",
        "other members locked %(number)s runs",
        "n",
    ),
    Skip.TRASHED: ngettext_lazy(
        "%(number)s run is in the trash", "%(number)s runs are in the trash", "n"
    ),
    Skip.CHILD: ngettext_lazy(
        "%(number)s child run moves only with its root",
        "%(number)s child runs move only with their roots",
        "n",
    ),
    Skip.LAUNCHER: ngettext_lazy(
        "the launcher of %(number)s run sets its final status",
        "the launchers of %(number)s runs set their final status",
        "n",
    ),
    Skip.STATUS: ngettext_lazy(
        "the status of %(number)s run doesn’t allow it",
        "the statuses of %(number)s runs don’t allow it",
        "n",
    ),
    Skip.REGISTERED: ngettext_lazy(
        "registered models use %(number)s run",
        "registered models use %(number)s runs",
        "n",
    ),
    Skip.ENDED: ngettext_lazy(
        "%(number)s run has ended", "%(number)s runs have ended", "n"
    ),
    Skip.CANCELING: ngettext_lazy(
        "%(number)s run is being canceled", "%(number)s runs are being canceled", "n"
    ),
    Skip.NAME: ngettext_lazy(
        "%(number)s new name is empty or too long",
        "%(number)s new names are empty or too long",
        "n",
    ),
    Skip.RESTORED: ngettext_lazy(
        "%(number)s run was restored", "%(number)s runs were restored", "n"
    ),
    Skip.ACTIVE: ngettext_lazy(
        "%(number)s run has not ended", "%(number)s runs have not ended", "n"
    ),
    Skip.CONCLUSION: ngettext_lazy(
        "a conclusion names %(number)s run", "conclusions name %(number)s runs", "n"
    ),
    Skip.KEPT_CHILD: ngettext_lazy(
        "%(number)s run has child runs that stay",
        "%(number)s runs have child runs that stay",
        "n",
    ),
    Skip.NO_MATCH: ngettext_lazy(
        "%(number)s run no longer matches", "%(number)s runs no longer match", "n"
    ),
    Skip.VERSION_GONE: ngettext_lazy(
        "%(number)s version of a file no longer exists",
        "%(number)s versions of files no longer exist",
        "n",
    ),
}


def skip_texts(counts: Sequence[tuple[Skip, int]]) -> list[str]:
    """Return one text per reason, such as `2 runs are locked`."""
    return [with_number(_SKIP_TEXTS[skip], n) for skip, n in counts]


def skipped_message(skipped: int) -> str:
    """Return what the message afterwards adds about skipped runs."""
    return _(", %(n)s skipped") % {"n": grouped(skipped)} if skipped else ""
