"""What a person follows, and their choices."""

from __future__ import annotations

from runs.models import Experiment, Follow, NotificationSettings, Run, User, Workspace


def find_follow(
    user: User, workspace: Workspace, subject: Run | Experiment | None
) -> Follow | None:
    """Return how the person follows `subject`; None means their own runs."""
    rows = Follow.objects.filter(user=user, workspace=workspace)
    return rows.filter(
        run=subject if isinstance(subject, Run) else None,
        experiment=subject if isinstance(subject, Experiment) else None,
    ).first()


def is_followed(user: User, workspace: Workspace, subject: Run | Experiment) -> bool:
    return find_follow(user, workspace, subject) is not None


def list_follows(user: User) -> list[Follow]:
    """Return what the person follows in workspaces that have them as a member."""
    rows = Follow.objects.filter(user=user, workspace__members__user=user)
    rows = rows.select_related("workspace", "run__experiment", "experiment")
    return list(rows.order_by("workspace__name", "-pk"))


def read_settings(user: User) -> NotificationSettings:
    """Return the person's choices, or the defaults."""
    found = NotificationSettings.objects.filter(user=user).first()
    return found or NotificationSettings(user=user)
