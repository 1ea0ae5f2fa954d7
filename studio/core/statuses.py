"""The run state machine: the only place that says what may follow what.

Source of the table: the v1 service's documented order, plus NotResponding (heart-beats
stopped) and the final statuses' stickiness. `runs.actions.lifecycle` applies it.
"""

from __future__ import annotations

from enum import Enum


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

CODES: dict[RunStatus, int] = {
    S.NOT_STARTED: 0,
    S.STARTING: 1,
    S.PROVISIONING: 2,
    S.PREPARING: 3,
    S.QUEUED: 4,
    S.RUNNING: 5,
    S.PAUSED: 6,
    S.FINALIZING: 7,
    S.CANCEL_REQUESTED: 8,
    S.NOT_RESPONDING: 9,
    S.COMPLETED: 20,
    S.FAILED: 21,
    S.CANCELED: 22,
}
BY_CODE: dict[int, RunStatus] = {code: status for status, code in CODES.items()}

FINAL = frozenset({S.COMPLETED, S.FAILED, S.CANCELED})
ACTIVE = frozenset(S) - FINAL

_END = FINAL | {S.CANCEL_REQUESTED}

#: What may follow. A final status is followed by nothing: later events are accepted
#: and change nothing (`apply`). Reopening is `may_reopen`, not a transition.
FOLLOWERS: dict[RunStatus, frozenset[RunStatus]] = {
    S.NOT_STARTED: _END
    | {S.STARTING, S.PROVISIONING, S.PREPARING, S.QUEUED, S.RUNNING},
    S.STARTING: frozenset(
        {S.PROVISIONING, S.PREPARING, S.QUEUED, S.RUNNING}
        | {S.FAILED, S.CANCEL_REQUESTED, S.CANCELED}
    ),
    S.PROVISIONING: frozenset(
        {S.PREPARING, S.QUEUED, S.RUNNING, S.FAILED, S.CANCEL_REQUESTED, S.CANCELED}
    ),
    S.PREPARING: frozenset(
        {S.QUEUED, S.RUNNING, S.FAILED, S.CANCEL_REQUESTED, S.CANCELED}
    ),
    S.QUEUED: frozenset({S.RUNNING, S.FAILED, S.CANCEL_REQUESTED, S.CANCELED}),
    S.RUNNING: _END | {S.FINALIZING, S.NOT_RESPONDING, S.PAUSED},
    S.PAUSED: frozenset({S.RUNNING, S.FAILED, S.CANCEL_REQUESTED, S.CANCELED}),
    S.FINALIZING: frozenset({S.COMPLETED, S.FAILED, S.CANCEL_REQUESTED}),
    # The writer came back, or ended meanwhile: anything that an active run may become.
    S.NOT_RESPONDING: _END
    | {S.STARTING, S.PROVISIONING, S.PREPARING, S.QUEUED, S.RUNNING}
    | {S.PAUSED, S.FINALIZING},
    S.CANCEL_REQUESTED: frozenset(
        {S.CANCELED, S.FAILED, S.COMPLETED, S.NOT_RESPONDING}
    ),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELED: frozenset(),
}

#: Spellings of other systems that are read, never written.
ALIASES: dict[str, RunStatus] = {"Pausing": S.PAUSED, "Unapproved": S.NOT_STARTED}

#: The status strip's groups, in its order.
GROUPS: dict[str, frozenset[RunStatus]] = {
    "Running": frozenset({S.RUNNING}),
    "Completed": frozenset({S.COMPLETED}),
    "Failed": frozenset({S.FAILED}),
    "Canceled": frozenset({S.CANCELED}),
    "Queued": frozenset({S.QUEUED}),
    "Other": frozenset(S) - {S.RUNNING, S.COMPLETED, S.FAILED, S.CANCELED, S.QUEUED},
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


def may_follow(old: RunStatus, new: RunStatus) -> bool:
    """Whether `new` may follow `old`. The same status again is no step at all."""
    return new in FOLLOWERS[old]


def lost_run_may_requeue(old: RunStatus, *, owned_by_agent: bool) -> bool:
    """Whether an agent's lost run may go back to Queued (its own rule)."""
    return owned_by_agent and old in ACTIVE


def may_reopen(old: RunStatus, *, owned_by_launcher: bool) -> bool:
    """Whether an MLflow RUNNING update reopens a final run.

    MLflow clients resume runs; where a launcher owns the run, it alone ends it.
    """
    return old in FINAL and not owned_by_launcher
