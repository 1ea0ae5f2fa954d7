"""Bulk changes of statuses, which no undo brings back: cancel, and mark as ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.actions.actor import Actor
from runs.actions.bulk.bulk_changes import BulkChange, Skip
from runs.actions.changes import Edit
from runs.actions.run import StatusReporter, change_status, request_cancel
from runs.models import Run
from studio.core.statuses import RunStatus, can_follow

#: The statuses that a member can set for a run without a launcher.
MANUAL_END_STATUSES = (RunStatus.COMPLETED, RunStatus.FAILED)


@dataclass(frozen=True)
class CancelChange(BulkChange):
    """Request a cancel of runs that have not ended."""

    actor: Actor
    now: int

    action = "cancel run"

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        found = {run.pk: Skip.ENDED for run in runs if run.state.is_final}
        return found | {
            run.pk: Skip.CANCELING
            for run in runs
            if run.state is RunStatus.CANCEL_REQUESTED
        }

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        for run in runs:
            request_cancel(run, actor=self.actor, now=self.now)
        # The runs' own events record it.
        return []


@dataclass(frozen=True)
class MarkChange(BulkChange):
    """End runs as Completed or Failed by hand; `reason` is the error of failed runs."""

    status: RunStatus
    actor: Actor
    now: int
    reason: str = ""

    action = "mark run"

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        found = {run.pk: mark_skip(run, self.status) for run in runs}
        return {key: skip for key, skip in found.items() if skip is not None}

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        for run in runs:
            change_status(
                run,
                self.status,
                actor=self.actor,
                now=self.now,
                message=self.reason,
                origin=StatusReporter.SERVER,
            )
        # The runs' own events record it.
        return []


def mark_skip(run: Run, status: RunStatus) -> Skip | None:
    """Return why the run can't be marked as ended with this status."""
    if run.state.is_final:
        return Skip.ENDED
    # A launcher whose heartbeats stopped may never report anything.
    if run.launcher and run.state is not RunStatus.NOT_RESPONDING:
        return Skip.LAUNCHER
    if run.deleted is not None:
        return Skip.TRASHED
    return None if can_follow(run.state, status) else Skip.STATUS
