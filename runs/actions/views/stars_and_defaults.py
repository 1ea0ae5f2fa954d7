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
    ViewDefault.objects.update_or_create(
        workspace=workspace, user=user, experiment=experiment, defaults={"view": view}
    )


@transaction.atomic
def clear_default_view(
    workspace: Workspace, experiment: Experiment | None, *, user: User | None
) -> None:
    """Remove the list's default view of `user`, or of everyone."""
    ViewDefault.objects.filter(
        workspace=workspace, user=user, experiment=experiment
    ).delete()
