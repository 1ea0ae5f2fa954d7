"""Tags, parameters and properties of runs, and their keys.

A key is stored once per workspace and kind, so listing the keys is one lookup.
Parameters and properties are immutable: triggers refuse UPDATE, and refuse DELETE
unless the run is being purged (`runs.models.immutable`).

Values are indexed by (key, first characters of the value, run). Within one value, runs
are in order of arrival, so a list of the newest stops when its page is full. A whole
value can be longer than an index allows. On PostgreSQL migration `short_values` splits
this index into one of short values, whole, and one of the beginnings of long ones.
"""

from __future__ import annotations

import re
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from runs.models.accounts import Workspace
from runs.models.functions import Beginning, TextOrder
from runs.models.runs import Run

#: `float()` would also accept underscores and words such as `infinity`.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def parse_number(text: str | None) -> float | None:
    """Parse a finite number; None for any other text."""
    if text is None or not _NUMBER.fullmatch(text.strip()):
        return None
    number = float(text)
    return number if abs(number) != float("inf") else None


class KeyKind(models.TextChoices):
    TAG = "tag"
    PARAM = "param"
    PROPERTY = "property"
    METRIC = "metric"


def kinds() -> list[tuple[str, str]]:
    return list(KeyKind.choices)


class Key(models.Model):
    """A name that a run of the workspace has used."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="keys"
    )
    kind = models.CharField(max_length=8, choices=kinds)
    name = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "name"], name="key_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


def indexes(name: str) -> list[models.Index]:
    """The indexes that find runs by key, by value, and by a range of numbers."""
    return [
        models.Index(fields=["key", "run"]),
        models.Index(
            F("key"), Beginning(F("value")), F("run"), name=f"{name}_by_value"
        ),
        models.Index(
            fields=["key", "number", "run"],
            condition=Q(number__isnull=False),
            name=f"{name}_by_number",
        ),
    ]


class RunText(models.Model):
    """A key and a text of a run; `number` is the text as a number, if it is one."""

    key = models.ForeignKey(
        Key, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    value = models.TextField(null=True)
    # Stored, so that `params.lr < 0.1` uses an index.
    number = models.FloatField(null=True)

    class Meta:
        abstract = True


class RunTag(RunText):
    """A tag of a run, which can change. A tag without a value has null."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="tags", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "key"], name="run_tag_once")
        ]
        indexes: ClassVar = [
            *indexes("run_tag"),
            models.Index(
                F("key"),
                TextOrder(F("value")),
                F("run"),
                condition=Q(number__isnull=True, value__isnull=False),
                name="run_tag_by_text",
            ),
        ]


class RunParam(RunText):
    """A parameter of a run. Immutable."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="params", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "key"], name="run_param_once")
        ]
        indexes: ClassVar = indexes("run_param")


class RunProperty(RunText):
    """A property of a run. Immutable: it is the audit record."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="properties", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "key"], name="run_property_once")
        ]
        indexes: ClassVar = indexes("run_property")
