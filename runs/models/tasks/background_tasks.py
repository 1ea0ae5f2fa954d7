"""Background tasks: what a member started, how far it is, and how it ended."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import ApiToken, Role, User, Workspace
from runs.models.changes import ChangeSet, way_choices


class TaskKind(models.TextChoices):
    """What kind of work it is; `action` says more."""

    CHANGE = "change"
    UNDO = "undo"
    EXPORT = "export"
    PURGE = "purge"
    LOG_INDEX = "log_index"


#: What the server does by itself. It is not stopped, since it would begin again.
SERVER_KINDS = (TaskKind.PURGE, TaskKind.LOG_INDEX)


class TaskState(models.TextChoices):
    """The last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


OPEN_STATES = (TaskState.WAITING, TaskState.RUNNING)
# PostgreSQL writes `IN` in another way each time that an index is dumped and restored.
_IS_OPEN = Q(state=TaskState.WAITING.value) | Q(state=TaskState.RUNNING.value)


def task_kinds() -> list[tuple[str, str]]:
    return list(TaskKind.choices)


def task_states() -> list[tuple[str, str]]:
    return list(TaskState.choices)


class BackgroundTaskQuerySet(models.QuerySet["BackgroundTask"]):
    def open(self) -> BackgroundTaskQuerySet:
        """Those that wait or run."""
        return self.filter(_IS_OPEN)


class BackgroundTask(models.Model):
    """Work of many steps. A step and the progress are written in one transaction.

    `position` of `total` items are handled: `changed` of them were changed, `skipped`
    counts the others by reason, and the rest no longer existed. The items are runs, of
    an undo values, of the log index bytes. `request` is what to
    do, `result` what came of it; their content depends on the kind.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="background_tasks"
    )
    # None is the server itself.
    user = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    token = models.ForeignKey(
        ApiToken, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # How it was requested, as the change set of its changes says.
    way = models.CharField(max_length=8, choices=way_choices, default="", db_default="")
    kind = models.CharField(max_length=10, choices=task_kinds)
    # Of the change set, as the history names it.
    action = models.CharField(max_length=40)
    request = models.JSONField(default=dict)
    # The lowest role that can do it, because members can lose theirs later.
    role = models.SmallIntegerField(default=Role.CONTRIBUTOR)
    state = models.CharField(
        max_length=10, choices=task_states, default=TaskState.WAITING
    )
    total = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    skipped = models.JSONField(default=dict)
    change_set = models.ForeignKey(
        ChangeSet, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    # A client's own id of the request, so that a repeated one starts no second task.
    request_id = models.CharField(max_length=64, null=True)
    # How often a worker began with it since its last step, to notice what kills it.
    attempts = models.SmallIntegerField(default=0)
    created = models.BigIntegerField()
    started = models.BigIntegerField(null=True)
    ended = models.BigIntegerField(null=True)

    objects = BackgroundTaskQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="background_tasks_newest"),
            models.Index(
                fields=["id"], condition=_IS_OPEN, name="background_tasks_open"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "user", "request_id"],
                name="background_task_once",
            )
        ]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def skipped_counts(self) -> Mapping[str, int]:
        found: dict[str, Any] = self.skipped
        return found


class BackgroundTaskStep(models.Model):
    """The runs of one step, or the changes to undo; deleted at the end of the task.

    Without foreign keys: runs that are purged since the start are left out.
    """

    task = models.ForeignKey(
        BackgroundTask, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    first = models.BigIntegerField()
    packed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "first"], name="background_task_step_once"
            )
        ]

    @property
    def keys(self) -> list[int]:
        return array("q", bytes(self.packed)).tolist()
