"""The bulk change that locks and unlocks runs. Unlocking is its undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.actions.actor import Actor
from runs.actions.bulk.bulk_changes import BulkChange, Skip
from runs.actions.changes import Edit
from runs.actions.run_rows import can_unlock, lock_experiment_row, write_locks_of_runs
from runs.models import Experiment, Run
from studio.core.batches import batches


@dataclass(frozen=True)
class LockChange(BulkChange):
    """Lock or unlock runs. Runs that others locked can be unlocked by owners only."""

    on: bool
    actor: Actor
    is_owner: bool
    now: int

    @property
    def action(self) -> str:
        return "lock run" if self.on else "unlock run"

    def lock_before_runs(self, keys: Sequence[int]) -> None:
        lock_experiments_of(keys)

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        if not self.on:
            user, is_owner = self.actor.user, self.is_owner
            others = {
                run.pk: Skip.LOCKED_BY_OTHERS
                for run in runs
                if not can_unlock(run, user, is_owner=is_owner)
            }
            return others | {run.pk: Skip.SAME for run in runs if not run.locked}
        places = {run.experiment_id for run in runs}
        rows = Experiment.objects.filter(pk__in=places, deleted__isnull=False)
        deleted = set(rows.values_list("pk", flat=True))
        trashed = {
            run.pk: Skip.TRASHED
            for run in runs
            if run.deleted is not None or run.experiment_id in deleted
        }
        return trashed | {run.pk: Skip.SAME for run in runs if run.locked}

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        return write_locks_of_runs(list(runs), self.on, self.actor, self.now)


def lock_experiments_of(keys: Sequence[int], *more: int) -> None:
    """Lock the experiments of these runs and those with the keys `more`, in order."""
    found = set(more)
    for some in batches(sorted(keys)):
        rows = Run.objects.filter(pk__in=some)
        found.update(rows.values_list("experiment_id", flat=True))
    for key in sorted(found):
        lock_experiment_row(key)
