"""Undo changes of a view; `runs.actions.undo` does it for runs."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.comments import (
    COMMENT_FIELD,
    keeps_comment_deleted,
    read_current_comment,
    restore_comment,
)
from runs.actions.undo import REDO, UNDO, conflict_details, mark_undone
from runs.actions.views import views
from runs.models import Change, ChangeSet, View, ViewRevision, ViewStar
from studio.core.errors import Conflict, NotSupported


def can_undo_view_field(field: str) -> bool:
    """Return whether `undo_view_change` restores it: no public link, for example."""
    restored = (*views.EDITABLE_FIELDS, "revision", "deleted", "starred")
    return field in restored or field.startswith(COMMENT_FIELD)


@transaction.atomic
def undo_view_change(
    change_set: ChangeSet, *, actor: Actor, now: int, anyway: bool = False
) -> ChangeSet | None:
    """Restore the values before the change; raise Conflict (`later`) if they changed
    since.

    The caller checks who can change the view.
    """
    rows = change_set.changes.select_related("view__owner", "view__workspace")
    changes = [change for change in rows.order_by("-pk") if change.view is not None]
    if not changes or not all(can_undo_view_field(each.field) for each in changes):
        raise NotSupported(_("This change can't be undone."))
    view = changes[0].view
    assert view is not None
    views.lock_view_row(view)
    found = [(change, _current_value(change, view, change_set)) for change in changes]
    later = [conflict_details(c, v) for c, v in found if v not in (c.after, c.before)]
    if later and not anyway:
        raise Conflict(
            _("Some of these values were changed after your edit."), later=later
        )
    edits = [
        _restore_value(change, value, view, change_set, actor, now)
        for change, value in found
        if value != change.before and not keeps_comment_deleted(change, value, actor)
    ]
    action = REDO if change_set.action == UNDO else UNDO
    undo = record_changes(view.workspace, action, edits, actor=actor, now=now)
    if undo is not None:
        mark_undone([change_set.pk], undo)
    return undo


def _current_value(change: Change, view: View, change_set: ChangeSet) -> Any:
    if change.field.startswith(COMMENT_FIELD):
        return read_current_comment(change.field)
    if change.field == "starred":
        return ViewStar.objects.filter(view=view, user=change_set.actor_id).exists()
    if change.field == "deleted":
        return view.deleted is not None
    return getattr(view, change.field)


def _restore_value(
    change: Change,
    value: Any,
    view: View,
    change_set: ChangeSet,
    actor: Actor,
    now: int,
) -> Edit:
    field, wanted = change.field, change.before
    if field.startswith(COMMENT_FIELD):
        restore_comment(field, wanted, now)
    elif field == "starred":
        if wanted:
            ViewStar.objects.get_or_create(view=view, user=change_set.actor)
        else:
            ViewStar.objects.filter(view=view, user=change_set.actor).delete()
    elif field == "deleted":
        views.write_view_deleted(view, bool(wanted), now)
    elif field == "revision":
        _restore_revision(view, int(wanted or 0), actor, now)
        wanted = view.revision
    else:
        views.write_view_fields(view, {field: wanted}, actor=actor, now=now)
    return Edit(field, value, wanted, view=view)


def _restore_revision(view: View, number: int, actor: Actor, now: int) -> None:
    """Save the old state as a new revision; saved revisions are never deleted.

    If the view is shared by now, *me* becomes the owner's name.
    """
    old = ViewRevision.objects.select_related("experiment").get(
        view=view, number=number
    )
    state = views.read_view_state(old)
    written = views.replace_me_by_username(state, view.owner) if view.shared else state
    # Keep the stored text if it means the same: another version may have written more.
    columns = written.columns() | ({"spec": old.spec} if written == state else {})
    new_number = view.revision + 1
    views.add_revision(view, new_number, columns, actor=actor, now=now, restored=number)
    View.objects.filter(pk=view.pk).update(revision=new_number, updated=now, **columns)
    view.refresh_from_db()
