"""Purging: the one way in which a run and all that it logged goes for good.

It alone marks a run as being purged, which is what the triggers of immutable rows ask.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from runs.actions.actor import Actor
from runs.actions.files.files import drop_files
from runs.actions.run.lifecycle import descendants
from runs.actions.run.parents import hold_tree
from runs.actions.run_rows.bump_revision import hold_experiment
from runs.actions.run_rows.locks import refuse_locked
from runs.models import File, Run, rebuild_root_metrics
from studio.core.batches import batches
from studio.core.errors import InvalidState, NotFound


@transaction.atomic
def purge_run(run: Run, *, actor: Actor, now: int) -> None:
    """Remove a run from the trash with everything below it in the database and on disk.

    Its children stay, each at the top of its own tree. Raises InvalidState unless the
    run, or its experiment, is in the trash, and for a run that is locked; NotFound
    where it was purged already.
    """
    hold_tree(run.workspace_id)
    experiment = hold_experiment(run.experiment_id)
    found = Run.objects.select_for_update().filter(pk=run.pk).first()
    if found is None:
        raise NotFound(f"There is no run {run.run_id!r} any more", run_id=run.run_id)
    run = found
    refuse_locked(run)
    if run.deleted is None and experiment.deleted is None:
        raise InvalidState(
            f"Run {run.run_id} is not in the trash; only what is there can be purged",
            run_id=run.run_id,
        )
    Run.objects.filter(pk=run.pk).update(purging=True)
    released = _release_children(run)
    drop_files(File.objects.filter(Q(run=run) | Q(model__source_run=run)))
    root = run.root_id if run.deleted is None else None
    run.delete()
    rebuild_root_metrics([root, *released])


def _release_children(run: Run) -> list[int]:
    """Each child becomes a root; returns their keys."""
    children = list(Run.objects.filter(parent=run))
    for child in children:
        below = [descendant.pk for descendant in descendants(child)]
        for some in batches(below):
            Run.objects.filter(pk__in=some).update(root=child)
        Run.objects.filter(pk=child.pk).update(root=None)
    return [child.pk for child in children]
