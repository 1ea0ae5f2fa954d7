"""Stars of views, and the default views of lists."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import Experiment, User, View, ViewDefault, ViewStar, Workspace
from studio.core.errors import InvalidState


@transaction.atomic
def star_view(view: View, user: User, on: bool, *, actor: Actor, now: int) -> None:
    """Star or unstar a view for one user."""
    if on:
        _star, changed = ViewStar.objects.get_or_create(view=view, user=user)
    else:
        changed = ViewStar.objects.filter(view=view, user=user).delete()[0] > 0
    edits = [Edit("starred", on != changed, on, view=view)]
    action = "star view" if on else "unstar view"
    record_changes(view.workspace, action, edits, actor=actor, now=now)


@transaction.atomic
def set_default_view(
    workspace: Workspace,
    experiment: Experiment | None,
    view: View | None,
    *,
    user: User | None,
    actor: Actor,
    now: int,
) -> None:
    """Set the list's default view for `user`, or for everyone (None).

    `view` None is the built-in view.

    Raises InvalidState for a private view as everyone's default.
    """
    # Other members can't open it.
    if user is None and view is not None and not view.shared:
        raise InvalidState(
            _("A private view can't be everyone's default. Share it first.")
        )
    before = _find_default(workspace, experiment, user)
    ViewDefault.objects.update_or_create(
        workspace=workspace, user=user, experiment=experiment, defaults={"view": view}
    )
    if user is None:
        names = _slug(before), _slug(view)
        _record_default(workspace, experiment, *names, actor=actor, now=now)


def _find_default(
    workspace: Workspace, experiment: Experiment | None, user: User | None
) -> View | None:
    rows = ViewDefault.objects.filter(
        workspace=workspace, user=user, experiment=experiment
    )
    found = rows.select_related("view").first()
    return found.view if found else None


def _slug(view: View | None) -> str | None:
    return view.slug if view else None


def _record_default(
    workspace: Workspace,
    experiment: Experiment | None,
    before: str | None,
    after: str | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Of everyone's default: a member's own default changes nothing for others."""
    edit = Edit("default_view", before, after, experiment=experiment)
    record_changes(workspace, "set default view", [edit], actor=actor, now=now)


@transaction.atomic
def clear_default_view(
    workspace: Workspace,
    experiment: Experiment | None,
    *,
    user: User | None,
    actor: Actor,
    now: int,
) -> None:
    """Remove the list's default view of `user`, or of everyone."""
    if user is None:
        before = _slug(_find_default(workspace, experiment, None))
        _record_default(workspace, experiment, before, None, actor=actor, now=now)
    ViewDefault.objects.filter(
        workspace=workspace, user=user, experiment=experiment
    ).delete()
