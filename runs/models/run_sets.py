"""Sets of runs that are stored: long selections, and conclusions from a comparison."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from hashlib import sha256
from typing import ClassVar

from django.db import models

from runs.models.accounts import User, Workspace
from runs.models.runs import Run

#: In an address, a stored selection is `selected=s.<slug>`.
STORED_SELECTION_PREFIX = "s."


class Selection(models.Model):
    """Runs in the order of their colors; its content never changes.

    Selecting one more run creates another row, so an address always means the same.
    `slug` is derived from the content: the same runs in the same order share one row.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="selections", db_index=False
    )
    slug = models.CharField(max_length=32)
    # Without foreign keys: a purged run leaves a gap and moves no other run's color.
    packed = models.BinaryField()
    created = models.BigIntegerField()
    used = models.BigIntegerField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="selection_once")
        ]

    @property
    def keys(self) -> list[int]:
        """The primary keys of its runs; 0 is a gap."""
        return array("q", bytes(self.packed)).tolist()


def pack_keys(keys: Iterable[int]) -> bytes:
    return array("q", keys).tobytes()


def conclusion_key(run_ids: Iterable[str]) -> str:
    """Identify a set of runs, whatever their order in the comparison."""
    return sha256("\n".join(sorted(set(run_ids))).encode()).hexdigest()


class Conclusion(models.Model):
    """A text about a set of runs, or empty. `query` is the comparison page's state."""

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
