"""Which runs were in a view, to notice which enter and leave it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import User
from runs.models.runs import Run
from runs.models.views import View


class ViewWatch(models.Model):
    """A view as `viewer` sees it, which follows or alert rules need."""

    view = models.ForeignKey(
        View, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    viewer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    #: A view that was saved again begins again: its runs did not enter it.
    revision = models.PositiveIntegerField()
    #: Counts the looks, so that two workers don't handle the same one.
    looks = models.PositiveBigIntegerField(default=0)
    #: Why the view could not be read; empty if it could.
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["view", "viewer"], name="view_watch_once")
        ]


class ViewWatchRun(models.Model):
    """A run that was in the view at the last look."""

    watch = models.ForeignKey(
        ViewWatch, on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["watch", "run"], name="view_watch_run_once")
        ]
