"""The table of run statuses, and the state machine: what may follow what.

Source of the table: the v1 service's documented order, plus NotResponding (heartbeats
stopped) and the final statuses' stickiness. `runs.actions.run.lifecycle` applies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from studio.core.messages import message, message_with_context


class RunStatus(str, Enum):
    """A run's status, spelled as everywhere: pages, REST, SDK, filter language."""

    NOT_STARTED = "NotStarted"
    STARTING = "Starting"
    PROVISIONING = "Provisioning"
    PREPARING = "Preparing"
    QUEUED = "Queued"
    RUNNING = "Running"
    PAUSED = "Paused"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    NOT_RESPONDING = "NotResponding"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"

    # Otherwise the text would be `RunStatus.RUNNING`.
    def __str__(self) -> str:
        return self.value

    @property
    def code(self) -> int:
        """The small integer that the database keeps; never renumbered."""
        return CODES[self]

    @property
    def is_final(self) -> bool:
        return self in FINAL

    @property
    def is_active(self) -> bool:
        return self not in FINAL

    @classmethod
    def from_code(cls, code: int) -> RunStatus:
        return BY_CODE[code]


S = RunStatus


@dataclass(frozen=True)
class StatusInfo:
    """What is true of one status, wherever it is stored, shown or translated.

    `followers` are the statuses that may follow; a final status has none, and later
    events are accepted and change nothing. `code` is never renumbered. `group` is its
    place in the status strip, `icon` the symbol on its disc ("" is an empty ring).
    `mlflow` is MLflow's word for it. `read_as` are spellings of the v1 service that are
    read and never written, `meant_by` words of other systems that errors lead from.
    """

    code: int
    label: str
    followers: frozenset[RunStatus]
    group: str = "Other"
    icon: str = ""
    mlflow: str = "RUNNING"
    read_as: tuple[str, ...] = ()
    meant_by: tuple[str, ...] = ()
    is_final: bool = False


_FINAL = frozenset({S.COMPLETED, S.FAILED, S.CANCELED})
_INTERRUPTED = frozenset({S.FAILED, S.CANCEL_REQUESTED, S.CANCELED})
_END = _FINAL | _INTERRUPTED
_WAITING = frozenset({S.STARTING, S.PROVISIONING, S.PREPARING, S.QUEUED})

#: One entry for each status.
STATUS_TABLE: dict[RunStatus, StatusInfo] = {
    S.NOT_STARTED: StatusInfo(
        0,
        message("NotStarted"),
        _END | _WAITING | {S.RUNNING},
        mlflow="SCHEDULED",
        read_as=("Unapproved",),
    ),
    S.STARTING: StatusInfo(
        1,
        message("Starting"),
        _INTERRUPTED | {S.PROVISIONING, S.PREPARING, S.QUEUED, S.RUNNING},
    ),
    S.PROVISIONING: StatusInfo(
        2, message("Provisioning"), _INTERRUPTED | {S.PREPARING, S.QUEUED, S.RUNNING}
    ),
    S.PREPARING: StatusInfo(
        3, message("Preparing"), _INTERRUPTED | {S.QUEUED, S.RUNNING}
    ),
    # An agent that takes the run may report each step, also those before Queued.
    S.QUEUED: StatusInfo(
        4,
        message("Queued"),
        _INTERRUPTED | {S.STARTING, S.PROVISIONING, S.PREPARING, S.RUNNING},
        group="Queued",
        icon="g-clock",
        mlflow="SCHEDULED",
        meant_by=("scheduled", "pending"),
    ),
    S.RUNNING: StatusInfo(
        5,
        message("Running"),
        _END | {S.FINALIZING, S.NOT_RESPONDING, S.PAUSED},
        group="Running",
        icon="g-play",
    ),
    S.PAUSED: StatusInfo(
        6, message("Paused"), _INTERRUPTED | {S.RUNNING}, read_as=("Pausing",)
    ),
    S.FINALIZING: StatusInfo(
        7, message("Finalizing"), frozenset({S.COMPLETED, S.FAILED, S.CANCEL_REQUESTED})
    ),
    S.CANCEL_REQUESTED: StatusInfo(
        8, message("CancelRequested"), _FINAL | {S.NOT_RESPONDING}
    ),
    # The writer came back or ended: any status that can follow an active one.
    S.NOT_RESPONDING: StatusInfo(
        9,
        message("NotResponding"),
        _END | _WAITING | {S.RUNNING, S.PAUSED, S.FINALIZING},
        icon="g-bang",
    ),
    S.COMPLETED: StatusInfo(
        20,
        message("Completed"),
        frozenset(),
        group="Completed",
        icon="g-check",
        mlflow="FINISHED",
        meant_by=("finished", "succeeded", "done"),
        is_final=True,
    ),
    S.FAILED: StatusInfo(
        21,
        message("Failed"),
        frozenset(),
        group="Failed",
        icon="g-cross",
        mlflow="FAILED",
        meant_by=("error", "crashed"),
        is_final=True,
    ),
    S.CANCELED: StatusInfo(
        22,
        message("Canceled"),
        frozenset(),
        group="Canceled",
        icon="g-cross",
        mlflow="KILLED",
        meant_by=("killed", "cancelled"),
        is_final=True,
    ),
}

# The table by what is looked up in it.
CODES: dict[RunStatus, int] = {
    status: facts.code for status, facts in STATUS_TABLE.items()
}
BY_CODE: dict[int, RunStatus] = {code: status for status, code in CODES.items()}
FINAL = frozenset(status for status, facts in STATUS_TABLE.items() if facts.is_final)
ACTIVE = frozenset(S) - FINAL
#: What may follow. Reopening is `can_reopen`, not a transition.
FOLLOWERS: dict[RunStatus, frozenset[RunStatus]] = {
    status: facts.followers for status, facts in STATUS_TABLE.items()
}
ALIASES: dict[str, RunStatus] = {
    word: status for status, facts in STATUS_TABLE.items() for word in facts.read_as
}
#: Words of other systems, and the status that they mean.
MEANT_BY: dict[str, RunStatus] = {
    word: status for status, facts in STATUS_TABLE.items() for word in facts.meant_by
}
#: What pages show for a status, for the last group, and for a group in a filter.
LABELS: dict[str, str] = {
    **{status.value: facts.label for status, facts in STATUS_TABLE.items()},
    "Other": message_with_context("group of statuses", "Other"),
    "active": message_with_context("group of statuses", "active"),
    "final": message_with_context("group of statuses", "final"),
    "other": message_with_context("group of statuses", "other"),
}
#: The status strip's groups, in its order.
GROUPS: dict[str, frozenset[RunStatus]] = {
    group: frozenset(s for s, facts in STATUS_TABLE.items() if facts.group == group)
    for group in ("Running", "Completed", "Failed", "Canceled", "Queued", "Other")
}


def parse_status(word: str) -> RunStatus:
    """The status that `word` names, whatever its case; raises ValueError."""
    lowered = word.lower()
    for status in RunStatus:
        if status.value.lower() == lowered:
            return status
    for alias, status in ALIASES.items():
        if alias.lower() == lowered:
            return status
    raise ValueError(f"{word!r} is not a status; one of {', '.join(S)} is expected")


def can_follow(old: RunStatus, new: RunStatus) -> bool:
    """Whether `new` may follow `old`. The same status again is no step at all."""
    return new in FOLLOWERS[old]


def can_requeue_lost_run(old: RunStatus, *, owned_by_agent: bool) -> bool:
    """Whether an agent's lost run may go back to Queued (its own rule)."""
    return owned_by_agent and old in ACTIVE


def can_reopen(old: RunStatus, *, owned_by_launcher: bool) -> bool:
    """Whether an MLflow RUNNING update reopens a final run.

    MLflow clients resume runs; where a launcher owns the run, it alone ends it.
    """
    return old in FINAL and not owned_by_launcher
