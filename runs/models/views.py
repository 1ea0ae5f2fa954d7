"""Custom views: a run list's state under a name, private or shared, with revisions.

`visible_to` alone decides who sees a view; all code that finds views uses it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import Role, User, Workspace
from runs.models.experiments import Experiment
from runs.models.runs import Run


class ViewQuerySet(models.QuerySet["View"]):
    def visible_to(self, user: User) -> ViewQuerySet:
        """Views shared in the user's workspaces, and the user's own views there."""
        member = Q(workspace__members__user=user)
        return self.filter(member, Q(shared=True) | Q(owner=user))

    def active(self) -> ViewQuerySet:
        return self.filter(deleted__isnull=True)

    def starred_by(self, user: User) -> ViewQuerySet:
        return self.filter(stars__user=user)

    def deleted(self) -> ViewQuerySet:
        return self.filter(deleted__isnull=False)


class View(models.Model):
    """A custom view. `spec` is the newest revision's, so opening it reads one row.

    `experiment` is the list that it shows, null for All runs. `experiment_name` keeps
    its name after the experiment is deleted. `shared_from` is the first revision that
    others can read: revisions saved while the view was private stay its owner's.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="views"
    )
    slug = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=500)
    # Name and description in lower case, for the menu's search.
    words = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    shared = models.BooleanField(default=False)
    shared_from = models.PositiveIntegerField(default=1)
    # Only its owner and owners of the workspace can change a locked view.
    locked = models.BooleanField(default=False)
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    experiment_name = models.CharField(max_length=500, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    spec = models.JSONField()
    created = models.BigIntegerField()
    updated = models.BigIntegerField()
    deleted = models.BigIntegerField(null=True, blank=True)

    objects = ViewQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "shared", "name"], name="view_shared"),
            models.Index(fields=["owner", "workspace", "name"], name="view_own"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def list_name(self) -> str:
        """The name of its experiment, even a deleted one; empty for All runs."""
        return view_list_name(self)


class ViewRevision(models.Model):
    """A saved state of a view. Immutable; restoring one adds a new revision."""

    view = models.ForeignKey(View, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    time = models.BigIntegerField()
    author = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    spec = models.JSONField()
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    experiment_name = models.CharField(max_length=500, blank=True, default="")
    # The revision that this one restored.
    restored = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["view", "number"], name="view_revision_once"
            )
        ]


class ViewStar(models.Model):
    view = models.ForeignKey(View, on_delete=models.CASCADE, related_name="stars")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "view"], name="view_star_once")
        ]


class ViewDefault(models.Model):
    """Which view a list opens with: for one person, or (no user) for the workspace.

    No experiment means All runs; no view means the built-in one.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    view = models.ForeignKey(
        View, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            # Four constraints: NULL is never equal to NULL, and user and experiment can
            # be null.
            models.UniqueConstraint(
                fields=["workspace", "user", "experiment"], name="view_default_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "user"],
                condition=Q(experiment__isnull=True),
                name="view_default_all_runs",
            ),
            models.UniqueConstraint(
                fields=["workspace", "experiment"],
                condition=Q(user__isnull=True),
                name="view_default_of_all",
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(user__isnull=True, experiment__isnull=True),
                name="view_default_of_all_for_all_runs",
            ),
        ]


class ShareLink(models.Model):
    """A public link to one view or one run, until it expires.

    A feed shows no page: only the newest runs of its view, as Atom.

    The secret is stored as its SHA-256. The link also ends when its creator is not an
    owner anymore.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="share_links"
    )
    view = models.ForeignKey(
        View, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    is_feed = models.BooleanField(default=False, db_default=False)
    digest = models.BinaryField(max_length=32, unique=True)
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created = models.BigIntegerField()
    expires = models.BigIntegerField()
    revoked = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(view__isnull=False, run__isnull=True)
                | Q(view__isnull=True, run__isnull=False),
                name="share_link_shows_one",
            )
        ]


def view_list_name(view: View | ViewRevision) -> str:
    """The current name of its experiment; empty for All runs."""
    return view.experiment.name if view.experiment else view.experiment_name


def can_edit_view(view: View, user: User | None, role: Role) -> bool:
    """Whether this member can change the view.

    Only its owner can change a private view. Every contributor can change a shared one,
    unless it is locked: then only its owner and the owners of the workspace can.
    """
    is_own = user is not None and view.owner_id == user.pk
    if not view.shared:
        return is_own
    return role >= Role.CONTRIBUTOR and (
        is_own or not view.locked or role >= Role.OWNER
    )
