"""A rule that moves old runs, or a kind of their files, to the trash once a day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import User, Workspace


class RetentionKind(models.TextChoices):
    """What a rule deletes of the runs that match: all of it, or files of one kind.

    The kinds of files are those of `runs.search.usage.StoredKind`.
    """

    RUNS = "runs"
    CHECKPOINTS = "checkpoints"
    LOGS = "logs"
    MEDIA = "media"


def retention_kinds() -> list[tuple[str, str]]:
    return list(RetentionKind.choices)


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def not_deleted(self) -> RetentionRuleQuerySet:
        return self.filter(deleted__isnull=True)


class RetentionRule(models.Model):
    """Which runs lose what. The filter finds what `author` can see.

    `removed` runs or files of `freed` bytes were moved to the trash at `removed_at`,
    the last time that the rule found any. All times are in ms.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="retention_rules"
    )
    kind = models.CharField(max_length=20, choices=retention_kinds)
    q = models.TextField()
    is_enabled = models.BooleanField(default=True)
    author = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.BigIntegerField()
    # Since when it is as it is; it is not applied to an earlier day.
    changed = models.BigIntegerField()
    # When it was applied last, whatever it found.
    applied = models.BigIntegerField(null=True)
    removed = models.BigIntegerField(default=0)
    freed = models.BigIntegerField(default=0)
    removed_at = models.BigIntegerField(null=True)
    #: Why it could not be applied; empty if it could.
    error = models.TextField(blank=True, default="")
    deleted = models.BigIntegerField(null=True)

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(q=""), name="retention_rule_has_filter"
            )
        ]
