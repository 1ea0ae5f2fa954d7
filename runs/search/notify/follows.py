"""What a person follows, and their choices."""

from __future__ import annotations

from django.db.models import Q

from runs.models import (
    Experiment,
    Follow,
    NotificationSettings,
    Run,
    User,
    View,
    ViewWatch,
    Workspace,
)


def find_follow(
    user: User, workspace: Workspace, subject: Run | Experiment | View | None
) -> Follow | None:
    """Return how the person follows `subject`; None means their own runs."""
    rows = Follow.objects.filter(user=user, workspace=workspace)
    return rows.filter(
        run=subject if isinstance(subject, Run) else None,
        experiment=subject if isinstance(subject, Experiment) else None,
        view=subject if isinstance(subject, View) else None,
    ).first()


def is_followed(
    user: User, workspace: Workspace, subject: Run | Experiment | View
) -> bool:
    return find_follow(user, workspace, subject) is not None


def followed_views(user: User, workspace: Workspace) -> set[int]:
    """Return the keys of the views that the person follows."""
    rows = Follow.objects.filter(user=user, workspace=workspace)
    return set(rows.exclude(view=None).values_list("view", flat=True))


def list_follows(user: User) -> list[Follow]:
    """Return what the person follows in workspaces that have them as a member."""
    rows = Follow.objects.filter(user=user, workspace__members__user=user)
    views = View.objects.visible_to(user).active()
    rows = rows.filter(Q(view__isnull=True) | Q(view__in=views))
    rows = rows.select_related("workspace", "run__experiment", "experiment", "view")
    return list(rows.order_by("workspace__name", "-pk"))


def errors_of_views(user: User) -> dict[int, str]:
    """Why views can't be compared for the person, by the key of the view."""
    rows = ViewWatch.objects.filter(viewer=user).exclude(error="")
    return dict(rows.values_list("view", "error"))


def read_settings(user: User) -> NotificationSettings:
    """Return the person's choices, or the defaults."""
    found = NotificationSettings.objects.filter(user=user).first()
    return found or NotificationSettings(user=user)
