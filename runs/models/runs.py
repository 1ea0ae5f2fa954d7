"""Runs, the tree they form, and the record of their statuses."""

from __future__ import annotations

import time
from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, Q

from runs.models.accounts import ApiToken, Member, User, Workspace
from runs.models.experiments import Experiment
from runs.models.functions import StartOrder, TextOrder, recorded_duration
from studio.core.cancel_signals import CancelSignal
from studio.core.statuses import ACTIVE, CODES, RunStatus


def now_ms() -> int:
    """Return the time as run data has it: milliseconds since the epoch, UTC.

    Views and commands read this clock; actions get the time as an argument.
    """
    return time.time_ns() // 1_000_000


def statuses() -> list[tuple[int, str]]:
    return [(code, status.value) for status, code in CODES.items()]


#: The message of the event when a writer acknowledges a cancel request.
CANCEL_ACKNOWLEDGED = "The cancel was acknowledged"
#: The message of the event when a member requests SIGKILL at once.
FORCE_STOP_REQUESTED = "Force stop was requested"
#: The messages of the events when a signal was sent to a canceled run's process.
CANCEL_SIGNALS_SENT = {signal: f"{signal} was sent" for signal in CancelSignal}
#: The message of the event when heartbeats resume.
HEARTBEATS_RESUMED = "Heartbeats resumed"
#: All messages of such events: runs of versions up to 0.2 have the second one.
HEARTBEATS_RESUMED_MESSAGES = (HEARTBEATS_RESUMED, "The heart-beats are back")


class Launcher(models.TextChoices):
    """Who started the run and alone ends it; NONE is the script itself."""

    NONE = ""
    RUNNER = "runner"
    AGENT = "agent"


#: The index of all runs of a workspace in order of arrival, and what else it has.
STATE_INDEX = "run_by_arrival"
STATE_COLUMNS = ("status", "parent", "archived", "deleted", "experiment")


def launchers() -> list[tuple[str, str]]:
    return list(Launcher.choices)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User) -> RunQuerySet:
        return self.filter(workspace__members__user=user)

    def of_member(self, workspace: Workspace, user: User) -> RunQuerySet:
        """All of these runs if the user is a member of the workspace, else none.

        A subquery, not a join, so no query plan starts from the members. The caller
        filters by workspace.
        """
        member = Member.objects.filter(workspace=workspace, user=user)
        return self.filter(Q(Exists(member)))

    def in_workspace(self, workspace: Workspace) -> RunQuerySet:
        return self.filter(workspace=workspace)

    def not_deleted(self) -> RunQuerySet:
        """Neither the run nor its experiment is in the trash.

        Few experiments are in the trash, so their ids are one list.
        """
        gone = Experiment.objects.filter(deleted__isnull=False)
        return self.filter(deleted__isnull=True).exclude(
            experiment__in=gone.values("pk")
        )

    def active(self) -> RunQuerySet:
        return self.filter(status__in=[status.code for status in ACTIVE])


class Run(models.Model):
    """One execution. The primary key is the order of arrival; `run_id` its public name.

    All times are milliseconds since the epoch: `created` is the arrival here, `started`
    and `ended` are the writer's clock. Only `runs.actions.run` assigns `status`.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    run_id = models.CharField(max_length=256)
    # Counts within the experiment, as `Run.number` of the v1 SDK does.
    number = models.PositiveBigIntegerField()
    name = models.CharField(max_length=500)
    description = models.TextField(blank=True, default="")
    status = models.PositiveSmallIntegerField(choices=statuses)
    submitter = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="runs"
    )
    target = models.CharField(max_length=100, blank=True, default="")
    type = models.CharField(max_length=100, blank=True, default="")
    script = models.CharField(max_length=2000, blank=True, default="")
    launcher = models.CharField(
        max_length=10, choices=launchers, blank=True, default=Launcher.NONE
    )
    error = models.TextField(blank=True, default="")
    # The same for all runs with the same cause of failure (`studio.core.fingerprints`).
    error_kind = models.CharField(max_length=64, null=True, blank=True)

    # A parent can be named before it arrives: then only its id is known.
    parent_run_id = models.CharField(max_length=256, blank=True, default="")
    parent = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="children",
        db_index=False,
    )
    # Null means that the run is its own root.
    root = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="descendants",
        db_index=False,
    )

    created = models.BigIntegerField()
    started = models.BigIntegerField(null=True, blank=True)
    ended = models.BigIntegerField(null=True, blank=True)
    updated = models.BigIntegerField()
    # When the writer last sent something, and whether it sends heartbeats.
    heard = models.BigIntegerField(null=True, blank=True)
    heartbeats = models.BooleanField(default=False)
    archived = models.BigIntegerField(null=True, blank=True)
    deleted = models.BigIntegerField(null=True, blank=True)
    # Read-only until it is unlocked. Locks of older versions have no name.
    locked = models.BooleanField(default=False)
    # Without a constraint: see the migration 0034.
    locked_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    locked_since = models.BigIntegerField(null=True, blank=True)
    # The color that members gave the run: a number of a token `--series-`, or null.
    color = models.PositiveSmallIntegerField(null=True, blank=True)
    # Only the purge action sets it; then immutable rows can be deleted.
    purging = models.BooleanField(default=False)
    # Counts the changes that pages show; conditional requests compare it.
    revision = models.PositiveBigIntegerField(default=0)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "run_id"], name="run_id_once"),
            models.UniqueConstraint(
                fields=["experiment", "number"], name="run_number_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(CODES.values())), name="run_status_known"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="run_not_its_own_parent",
            ),
        ]
        indexes: ClassVar = [
            # What lists count, so that counting needs no look-up of each run.
            models.Index(fields=["workspace", "-id", *STATE_COLUMNS], name=STATE_INDEX),
            models.Index(fields=["experiment", "-id"]),
            models.Index(fields=["workspace", "status", "-id"]),
            models.Index(fields=["workspace", "created"]),
            # MLflow's order of runs.
            models.Index(
                F("workspace"),
                StartOrder(F("started")).desc(),
                F("run_id"),
                name="run_by_start",
            ),
            models.Index(
                F("workspace"), TextOrder(F("name")), F("id"), name="run_by_name"
            ),
            # The order by duration of runs that have ended.
            models.Index(
                F("workspace"),
                recorded_duration(),
                F("id").desc(),
                condition=Q(started__isnull=False, ended__isnull=False),
                name="run_by_duration",
            ),
            # Most runs are roots, so an index of "no parent" would mislead the planner.
            # The last columns tell the state of children without a look-up of each.
            models.Index(
                fields=["parent", "-id", "status", "deleted", "experiment"],
                condition=Q(parent__isnull=False),
                name="run_has_parent",
            ),
            models.Index(
                fields=["root", "-id"],
                condition=Q(root__isnull=False),
                name="run_has_root",
            ),
            models.Index(
                # Each new run looks for children that waited for it, and few runs wait.
                fields=["workspace", "parent_run_id"],
                condition=~Q(parent_run_id="") & Q(parent__isnull=True),
                name="run_waits_for_parent",
            ),
            models.Index(
                # The worker often searches overdue runs; only runs with heartbeats can
                # be overdue.
                fields=["status", "heard"],
                condition=Q(heartbeats=True),
                name="run_sends_heartbeats",
            ),
            models.Index(
                fields=["deleted"],
                condition=Q(deleted__isnull=False),
                name="run_in_trash",
            ),
            models.Index(
                # The page of the trash groups and counts without a look-up of each run.
                fields=["workspace", "-deleted", "experiment", "id"],
                condition=Q(deleted__isnull=False),
                name="run_in_trash_by_time",
            ),
            models.Index(
                fields=["workspace", "-id"],
                condition=Q(archived__isnull=False),
                name="run_in_archive",
            ),
            models.Index(
                fields=["workspace", "-id"],
                condition=Q(locked=True),
                name="run_is_locked",
            ),
            models.Index(
                # Deleting a user searches the runs that they locked.
                fields=["locked_by"],
                condition=Q(locked_by__isnull=False),
                name="run_locked_by",
            ),
            models.Index(
                fields=["workspace", "error_kind", "-id"],
                condition=Q(error_kind__isnull=False),
                name="run_by_error_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> RunStatus:
        return RunStatus.from_code(self.status)


class RunEvent(models.Model):
    """A status change, or a request to a run. Immutable.

    `old` is null for the first event. An event that a final run ignored has old = new.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    time = models.BigIntegerField()
    old = models.PositiveSmallIntegerField(choices=statuses, null=True)
    new = models.PositiveSmallIntegerField(choices=statuses)
    level = models.CharField(max_length=10, default="info")
    message = models.TextField(blank=True, default="")
    # DO_NOTHING, because SET_NULL updates events, which the triggers refuse.
    actor = models.ForeignKey(
        User, null=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    token = models.ForeignKey(
        ApiToken,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run", "id"])]


class RunStar(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stars")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "run"], name="run_star_once")
        ]
