"""Create, save, rename, share, lock and delete custom views; each can be undone.

A save is a compare-and-swap on the revision that its author saw, so it never overwrites
the work of others by accident. In shared views *me* is replaced by the user name
(`core.view_sharing`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes, version_token
from runs.models import (
    Change,
    ChangeSet,
    Experiment,
    User,
    View,
    ViewRevision,
    Workspace,
)
from studio.core import names
from studio.core.errors import Conflict, InvalidState, NotFound
from studio.core.view_sharing import replace_me
from studio.core.view_spec import ViewSpec, read_stored

_SLUG_CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567"
_SLUG_LENGTH = 10
#: The fields that `edit_view` can change.
EDITABLE_FIELDS = ("name", "description", "shared", "locked")


@dataclass(frozen=True)
class ViewState:
    """The state of a view: filter, columns and so on, and the list that it shows."""

    spec: ViewSpec
    experiment: Experiment | None = None
    experiment_name: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the columns of a view's or revision's row."""
        here = self.experiment
        return {
            # A state names the view that it was opened from, which a saved state must
            # not contain.
            "spec": replace(self.spec, view="").to_json(),
            "experiment": here,
            "experiment_name": here.name if here else self.experiment_name,
        }


def generate_slug() -> str:
    """Return ten random base32 characters: 50 bits, which cannot be guessed."""
    return "".join(secrets.choice(_SLUG_CHARACTERS) for _ in range(_SLUG_LENGTH))


@transaction.atomic
def create_view(
    workspace: Workspace,
    name: str,
    state: ViewState,
    *,
    description: str = "",
    shared: bool = False,
    locked: bool = False,
    actor: Actor,
    now: int,
) -> View:
    """Create a view of the actor. Raises InvalidName, InvalidValue, InvalidFilter."""
    names.check_display_name(name)
    names.check_description(description)
    # In a shared view, *me* would mean another user for each reader.
    if shared:
        state = replace_me_by_username(state, actor.user)
    columns = state.columns()
    view = View.objects.create(
        workspace=workspace,
        slug=generate_slug(),
        name=name,
        description=description,
        words=build_search_words(name, description),
        owner=actor.user,
        shared=shared,
        locked=locked,
        created=now,
        updated=now,
        **columns,
    )
    add_revision(view, 1, columns, actor=actor, now=now)
    # So undoing the creation deletes the view.
    created = Edit("deleted", True, False, view=view)
    record_changes(workspace, "create view", [created], actor=actor, now=now)
    return view


def build_search_words(name: str, description: str) -> str:
    return f"{name}\n{description}".casefold()


def replace_me_by_username(state: ViewState, user: User | None) -> ViewState:
    """Return the state with *me* replaced by the user's name."""
    if user is None:
        return state
    return replace(state, spec=replace_me(state.spec, user.username))


def add_revision(
    view: View,
    number: int,
    columns: dict[str, Any],
    *,
    actor: Actor,
    now: int,
    restored: int | None = None,
) -> None:
    ViewRevision.objects.create(
        view=view,
        number=number,
        time=now,
        author=actor.user,
        restored=restored,
        **columns,
    )


@transaction.atomic
def save_view(
    view: View,
    state: ViewState,
    *,
    seen_version: int,
    actor: Actor,
    now: int,
    restored: int | None = None,
) -> View:
    """Add a revision; raise Conflict if `seen_version` is not the newest revision.

    The error's detail `now` is the newest revision's number. An unchanged state adds no
    revision.
    """
    before = lock_view_row(view)
    if view.shared:
        state = replace_me_by_username(state, actor.user)
    columns = state.columns()
    # Before the version check: two members who save the same state have no conflict.
    if _has_state_already(view, columns):
        return view
    if seen_version != before:
        raise Conflict(
            _("The view was changed by someone else since you opened it."), now=before
        )
    number = before + 1
    View.objects.filter(pk=view.pk).update(revision=number, updated=now, **columns)
    view.refresh_from_db()
    add_revision(view, number, columns, actor=actor, now=now, restored=restored)
    edit = Edit("revision", before, number, view=view)
    action = "save view" if restored is None else "restore view revision"
    record_changes(view.workspace, action, [edit], actor=actor, now=now)
    return view


def _has_state_already(view: View, columns: dict[str, Any]) -> bool:
    """Return whether the view already has this state."""
    here: Experiment | None = columns["experiment"]
    if view.spec != columns["spec"] or view.experiment_id != (here and here.pk):
        return False
    # The name matters only for a deleted experiment; an existing one may be renamed.
    return here is not None or view.experiment_name == columns["experiment_name"]


def lock_view_row(view: View) -> int:
    """Lock the row until the end of the transaction; return its revision.

    The given view is updated from the database: it may have been read long ago.
    """
    found = View.objects.select_for_update(of=("self",)).filter(pk=view.pk).first()
    if found is None:
        raise NotFound(_("This view doesn't exist."))
    for name in (
        *EDITABLE_FIELDS,
        "deleted",
        "spec",
        "experiment_id",
        "experiment_name",
    ):
        setattr(view, name, getattr(found, name))
    view.revision, view.shared_from = found.revision, found.shared_from
    return view.revision


def read_view_state(kept: View | ViewRevision) -> ViewState:
    """Return the state of a view or revision, as far as this version can read it."""
    spec, _complaints = read_stored(kept.spec)
    return ViewState(spec, kept.experiment, kept.experiment_name)


@transaction.atomic
def restore_revision(
    view: View, revision: ViewRevision, *, actor: Actor, now: int, seen_version: int
) -> View:
    """Restore an old revision as a new one; raise Conflict like `save_view`."""
    state = read_view_state(revision)
    return save_view(
        view,
        state,
        seen_version=seen_version,
        actor=actor,
        now=now,
        restored=revision.number,
    )


def editable_fields_token(view: View) -> str:
    """Return a token for the values that a form of EDITABLE_FIELDS shows."""
    return version_token(repr([getattr(view, name) for name in EDITABLE_FIELDS]))


@transaction.atomic
def edit_view(
    view: View,
    changes: dict[str, Any],
    *,
    seen_version: str | None = None,
    actor: Actor,
    now: int,
) -> ChangeSet | None:
    """Set some of EDITABLE_FIELDS as one change set; return None if nothing changed.

    Raises Conflict if `seen_version` is not the current
    `editable_fields_token`; `view` is then updated from the database.
    """
    lock_view_row(view)
    edits = [
        Edit(name, getattr(view, name), value, view=view)
        for name, value in changes.items()
        if value != getattr(view, name)
    ]
    if (
        edits
        and seen_version is not None
        and seen_version != editable_fields_token(view)
    ):
        raise Conflict(_("The view was changed by someone else since you opened it."))
    if view.deleted is not None and edits:
        raise InvalidState(_("The view is deleted. Restore it first."))
    action, before = _history_action_name(edits), view.revision
    write_view_fields(
        view, {edit.field: edit.after for edit in edits}, actor=actor, now=now
    )
    if view.revision != before:
        # First in the list, so undone last: by then the view is private again.
        edits.insert(0, Edit("revision", before, view.revision, view=view))
    return record_changes(view.workspace, action, edits, actor=actor, now=now)


def _history_action_name(edits: list[Edit]) -> str:
    """What the history calls it."""
    if len(edits) != 1:
        return "edit view"
    [edit] = edits
    return {
        "name": "rename view",
        "description": "describe view",
        "shared": "share view" if edit.after else "unshare view",
        "locked": "lock view" if edit.after else "unlock view",
    }[edit.field]


def write_view_fields(
    view: View, values: dict[str, Any], *, actor: Actor, now: int
) -> None:
    """Write fields of a locked view, checked, with what follows from them."""
    if "name" in values:
        names.check_display_name(values["name"])
    if "description" in values:
        names.check_description(values["description"])
    if not values:
        return
    if values.get("shared") and not is_unchanged_since_unshared(view):
        values = {**values, **_fields_set_by_sharing(view, actor=actor, now=now)}
    name = values.get("name", view.name)
    described = values.get("description", view.description)
    values = {**values, "words": build_search_words(name, described), "updated": now}
    View.objects.filter(pk=view.pk).update(**values)
    for field, value in values.items():
        setattr(view, field, value)


def _fields_set_by_sharing(view: View, *, actor: Actor, now: int) -> dict[str, Any]:
    """Return the fields that sharing sets: the first shared revision, without *me*.

    Older revisions stay visible only to the owner.
    """
    state = read_view_state(view)
    written = replace_me_by_username(state, view.owner)
    if written == state:
        return {"shared_from": view.revision}
    number, columns = view.revision + 1, written.columns()
    add_revision(view, number, columns, actor=actor, now=now)
    return {"shared_from": number, "revision": number, **columns}


@transaction.atomic
def delete_view(view: View, *, actor: Actor, now: int) -> ChangeSet | None:
    """Delete the view; undo or `restore_view` can restore it for 30 days."""
    return _set_deleted(view, True, "delete view", actor=actor, now=now)


@transaction.atomic
def restore_view(view: View, *, actor: Actor, now: int) -> ChangeSet | None:
    """Restore a deleted view."""
    return _set_deleted(view, False, "restore view", actor=actor, now=now)


def _set_deleted(
    view: View, deleted: bool, action: str, *, actor: Actor, now: int
) -> ChangeSet | None:
    lock_view_row(view)
    edit = Edit("deleted", view.deleted is not None, deleted, view=view)
    if edit.before != deleted:
        write_view_deleted(view, deleted, now)
    return record_changes(view.workspace, action, [edit], actor=actor, now=now)


def write_view_deleted(view: View, deleted: bool, now: int) -> None:
    view.deleted = now if deleted else None
    View.objects.filter(pk=view.pk).update(deleted=view.deleted, updated=now)


def is_unchanged_since_unshared(view: View) -> bool:
    """Return whether a private view was shared before and not saved since.

    Its readers already know its content. Hiding the revisions from them would hide
    nothing, and they would lose what they saved.
    """
    changes = Change.objects.filter(view=view).order_by("-pk")
    closed = changes.filter(field="shared").first()
    if closed is None or closed.after:
        return False
    return not changes.filter(field="revision", pk__gt=closed.pk).exists()
