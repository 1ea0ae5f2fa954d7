"""Where submitted runs are executed: targets, their agents, the queue, and secrets.

A job is a submitted run's place in the queue of its target. It is queued while it has
no agent and no end. An agent that takes it gets a lease, which it must renew.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from runs.models.accounts import ApiToken, User, Workspace
from runs.models.runs import Run

#: An agent that sent no heartbeat for this long can't be reached.
AGENT_TIMEOUT_MS = 30_000
#: An agent that stops renewing its lease loses the run after this time.
DEFAULT_LEASE_SECONDS = 120
#: The target that every workspace has: the machine of who submits, or the server's.
LOCAL_TARGET = "local"


class ComputeTarget(models.Model):
    """A named queue with the agents that serve it.

    At most `max_per_member` runs of one member run on it at the same time.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="compute_targets"
    )
    name = models.CharField(max_length=64)
    # How agents start its runs, with the settings of that kind (`core.compute_kinds`).
    kind = models.CharField(max_length=20, default="agents")
    settings = models.JSONField(default=dict)
    description = models.TextField(blank=True, default="")
    paused = models.BooleanField(default=False)
    max_per_member = models.PositiveIntegerField(null=True, blank=True)
    lease_seconds = models.PositiveIntegerField(default=DEFAULT_LEASE_SECONDS)
    created = models.BigIntegerField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    removed = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(removed__isnull=True),
                name="compute_target_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """A process on some machine that takes the queued runs of one target.

    `instance` identifies its state folder: the same agent after a restart has the same.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="agents"
    )
    target = models.ForeignKey(
        ComputeTarget, on_delete=models.CASCADE, related_name="agents"
    )
    name = models.CharField(max_length=64)
    instance = models.CharField(max_length=64)
    token = models.ForeignKey(
        ApiToken, null=True, on_delete=models.SET_NULL, related_name="agents"
    )
    slots = models.PositiveIntegerField(default=1)
    version = models.CharField(max_length=50, blank=True, default="")
    # {system, python, cpus, memory_bytes, gpus: [{name, memory_bytes}]}
    host = models.JSONField(default=dict)
    # {cpu_percent, gpus: [{percent, memory_bytes}]}
    usage = models.JSONField(default=dict)
    heard = models.BigIntegerField()
    # It takes no more runs: by a member's wish, or because the agent is about to end.
    draining = models.BooleanField(default=False)
    is_ending = models.BooleanField(default=False, db_default=False)
    registered = models.BigIntegerField()
    removed = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["target", "name"],
                condition=Q(removed__isnull=True),
                name="agent_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Sampling(models.TextChoices):
    """How a sweep chooses the values of its runs."""

    GRID = "grid"
    RANDOM = "random"
    BAYESIAN = "bayesian"


def samplings() -> list[tuple[str, str]]:
    return list(Sampling.choices)


class Sweep(models.Model):
    """A parent run whose children try values of arguments.

    At most `at_once` of the children run at the same time. The worker creates those
    that the submission did not, until there are `total` or the sweep is closed.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="sweep")
    # The values of each argument, by its name.
    space = models.JSONField(default=dict)
    sampling = models.CharField(max_length=10, choices=samplings)
    at_once = models.PositiveIntegerField(null=True, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    # Null for a sweep of a version that created all children at once.
    total = models.PositiveIntegerField(null=True, blank=True)
    proposed = models.PositiveIntegerField(default=0, db_default=0)
    # What the children share: a template of their names, tags, the job's priority.
    child_name = models.TextField(default="", db_default="", blank=True)
    child_tags = models.JSONField(null=True, blank=True)
    priority = models.IntegerField(null=True, blank=True)
    # What is compared, and the policy that stops children early (`core.sweeps`).
    metric = models.TextField(default="", db_default="", blank=True)
    goal = models.CharField(max_length=10, default="", db_default="", blank=True)
    policy = models.JSONField(null=True, blank=True)
    deadline = models.BigIntegerField(null=True, blank=True)
    # Why there are no more children than those that were created.
    closed = models.TextField(default="", db_default="", blank=True)
    # The worker has to look at it.
    is_live = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=Q(is_live=True), name="sweep_is_live"
            ),
        ]

    @property
    def is_complete(self) -> bool:
        """Whether there are no more children to create."""
        return self.total is None or self.proposed >= self.total or bool(self.closed)


class JobQuerySet(models.QuerySet["Job"]):
    def queued(self) -> JobQuerySet:
        return self.filter(agent__isnull=True, ended__isnull=True)

    def taken(self) -> JobQuerySet:
        """Jobs that an agent has now, whether or not their slot is lent."""
        return self.filter(agent__isnull=False, ended__isnull=True)

    def startable(self) -> JobQuerySet:
        """Queued jobs whose run and experiment are not in the trash."""
        return self.queued().filter(
            run__deleted__isnull=True, run__experiment__deleted__isnull=True
        )

    def in_order(self) -> JobQuerySet:
        """The order in which they are taken."""
        return self.order_by("-priority", "position", "pk")


class Job(models.Model):
    """A submitted run's place in the queue of a target.

    A higher `priority` comes first, then a lower `position`. `attempt` is the number of
    the current start; `max_attempts` limits how often a failed run starts.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="job")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="jobs"
    )
    target = models.ForeignKey(
        ComputeTarget, on_delete=models.CASCADE, related_name="jobs", db_index=False
    )
    submitter = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    priority = models.IntegerField(default=0)
    position = models.BigIntegerField()
    attempt = models.PositiveIntegerField(default=1)
    max_attempts = models.PositiveIntegerField(default=1)
    sweep = models.ForeignKey(
        Sweep, null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    # In a sweep: its values by argument, and why it was stopped early.
    values = models.JSONField(null=True, blank=True)
    stop_reason = models.TextField(default="", db_default="", blank=True)
    agent = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    lease_expires = models.BigIntegerField(null=True, blank=True)
    taken = models.BigIntegerField(null=True, blank=True)
    # What the engine of the target says of the current attempt: its number for the
    # job, the state (`core.compute_kinds`) and its own words.
    engine_job = models.CharField(max_length=100, blank=True, default="", db_default="")
    engine_state = models.CharField(
        max_length=20, blank=True, default="", db_default=""
    )
    engine_message = models.TextField(blank=True, default="", db_default="")
    # Its run waits for its own children, so its slot is lent to them.
    is_waiting = models.BooleanField(default=False)
    queued = models.BigIntegerField()
    ended = models.BigIntegerField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                F("target"),
                F("priority").desc(),
                F("position"),
                F("id"),
                condition=Q(agent__isnull=True, ended__isnull=True),
                name="job_to_take",
            ),
            models.Index(
                fields=["target", "submitter"],
                condition=Q(agent__isnull=False, ended__isnull=True),
                name="job_taken",
            ),
            models.Index(
                fields=["lease_expires"],
                condition=Q(agent__isnull=False, ended__isnull=True),
                name="job_by_lease",
            ),
            # PostgreSQL looks for these when a target or workspace is deleted.
            models.Index(fields=["target"], name="job_of_target"),
        ]


class AttemptOutcome(models.TextChoices):
    """How an attempt ended; LOST means that its agent stopped sending heartbeats.

    RETURNED means that the agent was stopped before it started the run.
    """

    RUNNING = ""
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"
    LOST = "lost"
    RETURNED = "returned"


def outcomes() -> list[tuple[str, str]]:
    return list(AttemptOutcome.choices)


class JobAttempt(models.Model):
    """One start of a job's run by an agent."""

    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    number = models.PositiveIntegerField()
    agent_name = models.CharField(max_length=64)
    started = models.BigIntegerField()
    ended = models.BigIntegerField(null=True, blank=True)
    outcome = models.CharField(
        max_length=10, choices=outcomes, blank=True, default=AttemptOutcome.RUNNING
    )
    message = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="job_attempt_once")
        ]


class RunDefinition(models.Model):
    """What a submitted run executes, as JSON; written once (`core.run_definition`)."""

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, related_name="definition", primary_key=True
    )
    content = models.TextField()


class Secret(models.Model):
    """A named value for runs. Only the server's secret key can decrypt it."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="secrets"
    )
    name = models.CharField(max_length=128)
    ciphertext = models.BinaryField()
    created = models.BigIntegerField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed = models.BigIntegerField()
    changed_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="secret_once")
        ]
