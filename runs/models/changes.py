"""Change sets: who changed what and when. The history shows them, undo reverts them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import ApiToken, User, Workspace
from runs.models.experiments import Experiment
from runs.models.notify.alerts import AlertRule
from runs.models.registry import RegisteredModel
from runs.models.runs import Run
from runs.models.views import View

#: Changes of targets, agents, secrets and environments, which belong to no run.
COMPUTE_ACTIONS = ("targets", "agents", "secrets", "environments")


class ChangeWay(models.TextChoices):
    """How a change was requested; empty for changes of older versions."""

    BROWSER = "browser"
    REST = "rest"
    MLFLOW = "mlflow"
    SDK = "sdk"
    CLI = "cli"
    SERVER = "server"


class ChangeKind(models.TextChoices):
    """What a change set changed, as the activity page filters it."""

    TAG = "tag"
    RENAME = "rename"
    DESCRIBE = "describe"
    COMMENT = "comment"
    ARCHIVE = "archive"
    DELETE = "delete"
    STATUS = "status"
    LOCK = "lock"
    STAR = "star"
    VIEW = "view"
    MODEL = "model"
    COMPUTE = "compute"
    MEMBERS = "members"
    FILE = "file"
    OTHER = "other"


def way_choices() -> list[tuple[str, str]]:
    return ChangeWay.choices


def kind_choices() -> list[tuple[str, str]]:
    return ChangeKind.choices


class ChangeSet(models.Model):
    """One action of one person; its changes are undone together."""

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="change_sets",
        db_index=False,
    )
    time = models.BigIntegerField()
    action = models.CharField(max_length=40)
    # Of targets, agents, secrets or environments: they are few, and listed alone.
    is_compute = models.BooleanField(default=False, db_default=False)
    actor = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    token = models.ForeignKey(
        ApiToken,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    # The rule that made the change, in the name of its author.
    alert_rule = models.ForeignKey(
        AlertRule,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    way = models.CharField(max_length=8, choices=way_choices, default="", db_default="")
    kind = models.CharField(
        max_length=8,
        choices=kind_choices,
        default=ChangeKind.OTHER,
        db_default=ChangeKind.OTHER,
    )
    # The only experiment of what was changed, as it was then.
    experiment = models.ForeignKey(
        Experiment,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    # The view that was changed: who cannot open it does not see the change.
    view = models.ForeignKey(
        View, null=True, on_delete=models.CASCADE, related_name="change_sets"
    )
    # A star, or a change of a private view: only its author sees it.
    is_personal = models.BooleanField(default=False, db_default=False)
    run_count = models.IntegerField(default=0, db_default=0)
    change_count = models.IntegerField(default=0, db_default=0)
    # The newest undo of this change, which a redo can have undone in turn.
    undone_by = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="undid",
        db_index=False,
    )
    is_undone = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-time", "-id"], name="changes_by_time"),
            models.Index(
                fields=["workspace", "actor", "-time", "-id"], name="changes_of_actor"
            ),
            models.Index(
                fields=["workspace", "kind", "-time", "-id"], name="changes_of_kind"
            ),
            models.Index(
                fields=["token", "-time", "-id"],
                condition=Q(token__isnull=False),
                name="changes_by_token",
            ),
            models.Index(
                fields=["experiment", "-time", "-id"],
                condition=Q(experiment__isnull=False),
                name="changes_in_experiment",
            ),
            models.Index(
                fields=["workspace", "-time", "-id"],
                condition=Q(experiment__isnull=True, run_count__gt=1),
                name="changes_in_several",
            ),
            models.Index(
                fields=["undone_by"],
                condition=Q(undone_by__isnull=False),
                name="changes_undone_by",
            ),
            models.Index(
                fields=["workspace", "-id"],
                condition=Q(is_compute=True),
                name="changes_of_compute",
            ),
        ]


class Change(models.Model):
    """One field's value before and after; null where there is no value.

    `field` is a field name of the filter language (`name`, `tags.team`), or one of the
    switches (`archived`, `deleted`).
    """

    change_set = models.ForeignKey(
        ChangeSet, on_delete=models.CASCADE, related_name="changes"
    )
    run = models.ForeignKey(
        Run,
        null=True,
        on_delete=models.CASCADE,
        related_name="changes",
        db_index=False,
    )
    experiment = models.ForeignKey(
        Experiment, null=True, on_delete=models.CASCADE, related_name="changes"
    )
    view = models.ForeignKey(
        View, null=True, on_delete=models.CASCADE, related_name="changes"
    )
    registered_model = models.ForeignKey(
        RegisteredModel,
        null=True,
        on_delete=models.CASCADE,
        related_name="changes",
        db_index=False,
    )
    field = models.CharField(max_length=300)
    # JSON, because a value can be a text, a switch, a number, or a tag with its value.
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["run", "-id"]),
            models.Index(
                fields=["registered_model", "-id"],
                condition=Q(registered_model__isnull=False),
                name="changes_of_model",
            ),
        ]
