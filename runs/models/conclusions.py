"""What people concluded from runs side by side."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import ClassVar

from django.db import models

from runs.models.accounts import User, Workspace
from runs.models.runs import Run


def key_of(run_ids: Iterable[str]) -> str:
    """What stands for a set of runs, in whatever order they lie side by side."""
    return sha256("\n".join(sorted(set(run_ids))).encode()).hexdigest()


class Conclusion(models.Model):
    """A text about a set of runs; an empty one is none. `query` is the page's state."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="conclusions"
    )
    key = models.CharField(max_length=64)
    runs = models.ManyToManyField(Run, related_name="conclusions")
    query = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="")
    author = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.BigIntegerField()
    updated = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="conclusion_once")
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "-updated"])]
