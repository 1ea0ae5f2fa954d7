"""The one place that notes that a run changed, and by which writers take turns."""

from __future__ import annotations

from django.db.models import F

from runs.models import Experiment, Run
from runs.storage.prepared import PreparedUpdate
from studio.core.errors import NotFound

_bump = PreparedUpdate(
    lambda run, now: (
        Run.objects.filter(pk=run),
        {"updated": now, "revision": F("revision") + 1},
    )
)
_bump_and_hear = PreparedUpdate(
    lambda run, now: (
        Run.objects.filter(pk=run),
        {"updated": now, "heard": now, "revision": F("revision") + 1},
    )
)


def bump_revision(run: Run, now: int) -> None:
    """Note a change of `run`; called first in a transaction that changes it.

    The UPDATE holds the run's row until the transaction ends, so two writers of one run
    take turns on PostgreSQL, as all writers do on SQLite.
    """
    _bump(run.pk, now)
    run.updated = now
    run.revision += 1


def record_heartbeat(run: Run, now: int) -> None:
    """`touch` for what the run's own script wrote."""
    _bump_and_hear(run.pk, now)
    run.updated = run.heard = now
    run.revision += 1


def lock_experiment_row(key: int) -> Experiment:
    """Hold an experiment's row until the transaction ends, and read it.

    Called before any run is touched, so that two never wait for each other: who puts
    the experiment into the trash, locks a run of it or purges one take turns. Its runs
    go on logging meanwhile. Raises NotFound where it was purged.
    """
    rows = Experiment.objects.select_for_update(no_key=True)
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound("There is no such experiment any more.")
    return found
