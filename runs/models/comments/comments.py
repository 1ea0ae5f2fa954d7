"""Comments on runs and on views, and the members whom they mention."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import User, Workspace
from runs.models.runs import Run
from runs.models.views import View


class CommentQuerySet(models.QuerySet["Comment"]):
    def active(self) -> CommentQuerySet:
        return self.filter(deleted__isnull=True)


class Comment(models.Model):
    """Markdown of one member about a run or a view. Times are ms since the epoch.

    A deleted comment stays, so that the deletion can be undone.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="comments"
    )
    run = models.ForeignKey(
        Run,
        null=True,
        on_delete=models.CASCADE,
        related_name="comments",
        db_index=False,
    )
    view = models.ForeignKey(
        View,
        null=True,
        on_delete=models.CASCADE,
        related_name="comments",
        db_index=False,
    )
    author = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    text = models.TextField()
    created = models.BigIntegerField()
    edited = models.BigIntegerField(null=True)
    deleted = models.BigIntegerField(null=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(run__isnull=False, view__isnull=True)
                | Q(run__isnull=True, view__isnull=False),
                name="comment_has_one_subject",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["run", "id"],
                condition=Q(run__isnull=False),
                name="comments_of_run",
            ),
            models.Index(
                fields=["view", "id"],
                condition=Q(view__isnull=False),
                name="comments_of_view",
            ),
        ]


class CommentMention(models.Model):
    """A member whom a comment names, for notifications."""

    comment = models.ForeignKey(
        Comment, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["comment", "user"], name="comment_mention_once"
            )
        ]
