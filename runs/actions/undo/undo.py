"""Undo a change set; the undo is a change set of its own.

Can be undone: names, descriptions, tags, stars, archiving and deletion of runs and
experiments, moves, locks, conclusions, replaced and deleted files, and an undo itself
(a redo). Later changes are
not overwritten unless the caller asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from runs.actions import comments as comment_actions
from runs.actions import compare as compare_actions
from runs.actions import experiments as experiment_actions
from runs.actions.actor import Actor
from runs.actions.bulk import EXPERIMENT_FIELD
from runs.actions.changes import record_changes
from runs.actions.files import FILE_FIELDS
from runs.actions.undo.restored_locks import LOCK_FIELD, LockUndoer
from runs.actions.undo.stored_values import (
    COLOR_FIELD,
    FLAG_FIELDS,
    STAR_FIELD,
    TAG_PREFIX,
    TEXT_FIELDS,
    lock_changed_runs,
    read_current_values,
    restore_values,
)
from runs.actions.undo.undo_links import mark_undone
from runs.models import BackgroundTask, Change, ChangeSet
from studio.core.errors import Conflict, InvalidState, NotSupported

UNDO, REDO = "undo", "redo"
#: How many later changes an error lists.
MAX_LATER = 20


UNDOABLE_FIELDS = (
    *TEXT_FIELDS,
    *FLAG_FIELDS,
    COLOR_FIELD,
    EXPERIMENT_FIELD,
    LOCK_FIELD,
)


def can_undo(change_set: ChangeSet, changes: Sequence[Change], actor: Actor) -> bool:
    """Return whether `actor`, who can annotate, can undo it.

    Only who starred or commented can undo that.
    """
    is_own = actor.user is not None and change_set.actor_id == actor.user.pk
    return bool(changes) and all(
        # Views have an undo of their own (`undo_view_change`).
        (change.run_id is not None or change.experiment_id is not None)
        and (
            change.field in UNDOABLE_FIELDS
            or change.field.startswith((TAG_PREFIX, compare_actions.CONCLUSION_FIELD))
            or (change.run_id is not None and change.field.startswith(FILE_FIELDS))
            or (is_own and _belongs_to_one_member(change.field))
        )
        for change in changes
    )


def refuse_while_open(change_sets: QuerySet[ChangeSet] | Sequence[ChangeSet]) -> None:
    """Raise InvalidState while a background task still adds to one of them."""
    if BackgroundTask.objects.open().filter(change_set__in=change_sets).exists():
        raise InvalidState(
            _("This change is still going on. Stop it, or wait until it has ended.")
        )


def is_of_stars(change_set: ChangeSet) -> bool:
    """Return whether only stars changed, which readers have too."""
    fields = set(change_set.changes.values_list("field", flat=True).distinct()[:2])
    return fields == {STAR_FIELD}


def _belongs_to_one_member(field: str) -> bool:
    return field == STAR_FIELD or field.startswith(comment_actions.COMMENT_FIELD)


@transaction.atomic
def undo_change_set(
    change_set: ChangeSet,
    *,
    actor: Actor,
    now: int,
    anyway: bool = False,
    is_owner: bool = False,
) -> ChangeSet | None:
    """Restore the values before the change; raise Conflict if something changed since.

    Returns the change set of the undo, or None if nothing had to be restored. The
    error's detail `later` lists the first later changes: `field`, `before`, `after` and
    `now`. With `anyway` they are overwritten. Raises InvalidState while a background
    task still adds to the change set, PermissionDenied if the lock of another member
    would be undone by who is no owner.
    """
    related = ("run", "experiment__workspace")
    # In reverse: a change of the set can depend on one before it.
    rows = change_set.changes.select_related(*related).order_by("-pk")
    changes = list(rows.defer("run__description", "run__error"))
    refuse_while_open([change_set])
    if not can_undo(change_set, changes, actor):
        raise NotSupported(_("This change can't be undone."))
    experiment_actions.lock_changed_experiments(changes)
    # This locks the rows before their current values are read.
    runs = lock_changed_runs(changes)
    values = read_current_values(changes, change_set)
    found = list(zip(changes, values, strict=True))
    if not anyway:
        _refuse_if_changed_since(found)
    changed = [
        (change, value)
        for change, value in found
        if value != change.before
        and not comment_actions.keeps_comment_deleted(change, value, actor)
    ]
    undoer = LockUndoer(actor, is_owner, now)
    edits = restore_values(changed, runs, change_set, now, undoer)
    action = REDO if change_set.action == UNDO else UNDO
    undo = record_changes(change_set.workspace, action, edits, actor=actor, now=now)
    if undo is not None:
        mark_undone([change_set.pk], undo)
    return undo


def _refuse_if_changed_since(found: Sequence[tuple[Change, Any]]) -> None:
    later = [
        conflict_details(c, value)
        for c, value in found
        # What is restored already is no conflict.
        if value not in (c.after, c.before)
    ]
    if later:
        raise Conflict(
            _("Some of these values were changed after your edit."),
            later=later[:MAX_LATER],
            count=len(later),
        )


def conflict_details(change: Change, value: Any) -> dict[str, Any]:
    return {
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "now": value,
    }
