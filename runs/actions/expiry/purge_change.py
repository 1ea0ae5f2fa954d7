"""Purge many runs: the bulk change that deletes them forever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.bulk import BulkChange, Skip, lock_experiments_of, registered_runs
from runs.actions.changes import Edit
from runs.actions.expiry.expiry import purge_experiment
from runs.actions.run import delete_run_forever, lock_tree
from runs.models import Experiment, Run
from studio.core.batches import batches

#: Purging one run deletes thousands of rows.
RUNS_PER_STEP = 10


@dataclass(frozen=True)
class PurgeChange(BulkChange):
    """Purge runs that are in the trash, then `experiments` that have no runs left."""

    actor: Actor
    now: int
    experiments: Sequence[int] = ()

    action = "purge run"

    def split(self, keys: Sequence[int]) -> Iterator[list[int]]:
        # Children first, as the worker purges what has expired.
        for some in batches(sorted(set(keys), reverse=True), RUNS_PER_STEP):
            yield list(some)

    def lock_before_runs(self, keys: Sequence[int]) -> None:
        rows = Run.objects.filter(pk__in=keys)
        for workspace in sorted(set(rows.values_list("workspace_id", flat=True))):
            lock_tree(workspace)
        lock_experiments_of(keys)

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        places = {run.experiment_id for run in runs}
        gone = Experiment.objects.filter(pk__in=places, deleted__isnull=False)
        deleted = set(gone.values_list("pk", flat=True))
        found = {
            run.pk: Skip.RESTORED
            for run in runs
            if run.deleted is None and run.experiment_id not in deleted
        }
        found |= dict.fromkeys(
            registered_runs([run.pk for run in runs]), Skip.REGISTERED
        )
        return found | {run.pk: Skip.LOCKED for run in runs if run.locked}

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        edits = []
        for run in runs:
            place = run.experiment
            # An experiment that is purged too would take the record along.
            kept = None if place.pk in self.experiments else place
            edits.append(Edit(f"purged.{run.run_id}", run.name, None, experiment=kept))
            delete_run_forever(run)
        for key in self.experiments:
            # After the commit, because it locks the names of experiments first.
            transaction.on_commit(partial(purge_experiment, key, self.now + 1))
        return edits
