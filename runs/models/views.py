"""Custom views: a run list's state under a name, private or shared, with revisions.

Who sees one is said once, in `visible_to`: every path to views goes through it.
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
        """Those shared in the user's workspaces, and the user's own there."""
        member = Q(workspace__members__user=user)
        return self.filter(member, Q(shared=True) | Q(owner=user))

    def active(self) -> ViewQuerySet:
        return self.filter(deleted__isnull=True)

    def deleted(self) -> ViewQuerySet:
        return self.filter(deleted__isnull=False)


class View(models.Model):
    """`spec` is the newest revision's, so that opening a view reads one row.

    `experiment` is the list that it shows, null for All runs; `experiment_name` says
    which it was when that is gone. `shared_from` is the first revision that others may
    read: what was saved while the view was private stays its owner's.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="views"
    )
    slug = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=500)
    # Name and description without case: what the menu looks for.
    words = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    shared = models.BooleanField(default=False)
    shared_from = models.PositiveIntegerField(default=1)
    # Only its owner, and owners of the workspace, may change a locked view.
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
        """Its experiment's name, were that gone; empty for All runs."""
        return list_name(self)


class ViewRevision(models.Model):
    """What a view was saved as; never changed. Restoring one adds it again."""

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
    # The revision that this one brought back.
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

    No experiment means All runs, no view the built-in one.
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
    """Shows one view or one run to whoever has the secret, until it ends.

    The secret is stored as its SHA-256. It ends too when the owner who made it stops
    being one.
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


def list_name(kept: View | ViewRevision) -> str:
    """The experiment whose list it shows, as that is called now; empty: All runs."""
    return kept.experiment.name if kept.experiment else kept.experiment_name


def may_edit(view: View, user: User | None, role: Role) -> bool:
    """Whether that member may change the view.

    A private one is its owner's alone; a shared one any contributor's, unless it is
    locked: then its owner's and the workspace's owners'.
    """
    is_own = user is not None and view.owner_id == user.pk
    if not view.shared:
        return is_own
    return role >= Role.CONTRIBUTOR and (
        is_own or not view.locked or role >= Role.OWNER
    )
