"""Selections of runs that are too many for an address."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import ClassVar

from django.db import models

from runs.models.accounts import Workspace

#: How a selection that is kept here begins in an address: `selected=s.<slug>`.
KEPT = "s."


class Selection(models.Model):
    """Runs by the numbers of their colours; what it holds never changes.

    Whoever selects one more gets another, so that an address means the same for ever.
    `slug` stands for the content: the same runs in the same order have one row.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="selections", db_index=False
    )
    slug = models.CharField(max_length=32)
    # Without foreign keys: a run that is purged leaves its number free.
    packed = models.BinaryField()
    created = models.BigIntegerField()
    used = models.BigIntegerField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="selection_once")
        ]

    @property
    def keys(self) -> list[int]:
        """The primary keys of its runs; 0 is a free number."""
        return array("q", bytes(self.packed)).tolist()


def packed(keys: Iterable[int]) -> bytes:
    return array("q", keys).tobytes()
