"""Purging: the only way to delete a run and its data permanently.

Only this module sets `purging`, which the triggers of immutable rows check.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.files import delete_file_rows
from runs.actions.run.lifecycle import iterate_descendants
from runs.actions.run.parents import lock_tree
from runs.actions.run_rows import (
    lock_experiment_row,
    refuse_if_locked,
    refuse_if_run_registered,
    run_not_found,
)
from runs.actions.uploads import delete_uploads
from runs.models import File, Run, Upload, rebuild_root_metrics
from studio.core.batches import batches
from studio.core.errors import InvalidState


@transaction.atomic
def purge_run(run: Run, *, actor: Actor, now: int) -> None:
    """Delete a run in the trash with all its data in the database and on disk.

    Its children stay, each as the root of its own tree. Raises InvalidState unless the
    run or its experiment is in the trash, for a locked run, and for one that a
    registered version points to; NotFound if it was purged before.
    """
    # Tree, experiment, run: all actions lock in this order, so that none deadlock.
    lock_tree(run.workspace_id)
    experiment = lock_experiment_row(run.experiment_id)
    found = Run.objects.select_for_update().filter(pk=run.pk).first()
    if found is None:
        raise run_not_found(run)
    run = found
    refuse_if_locked(run)
    refuse_if_run_registered(run)
    if run.deleted is None and experiment.deleted is None:
        raise InvalidState(
            _("Run %(run_id)s is not in the trash. Delete it before you purge it.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    # Retention purges many, each by its date: only what a member does is news.
    if actor.user is not None:
        edit = Edit(f"purged.{run.run_id}", run.name, None, experiment=experiment)
        record_changes(run.workspace, "purge run", [edit], actor=actor, now=now)
    delete_run_forever(run)


def delete_run_forever(run: Run) -> None:
    """Delete a run that may be purged; in a transaction that has locked its row, its
    experiment and its tree.
    """
    Run.objects.filter(pk=run.pk).update(purging=True)
    # Before the deletion, which would set `root` to null and make every descendant a
    # root.
    released = _release_children(run)
    # Before the cascade, which would delete these rows without recording their blobs.
    owned = Q(run=run) | Q(model__source_run=run)
    delete_file_rows(File.objects.filter(owned))
    delete_uploads(Upload.objects.filter(owned))
    # The bounds of a root already leave out a run that is in the trash itself.
    root = run.root_id if run.deleted is None else None
    run.delete()
    rebuild_root_metrics([root, *released])


def _release_children(run: Run) -> list[int]:
    """Make each child a root; return their keys."""
    children = list(Run.objects.filter(parent=run))
    for child in children:
        below = [descendant.pk for descendant in iterate_descendants(child)]
        for some in batches(below):
            Run.objects.filter(pk__in=some).update(root=child)
        Run.objects.filter(pk=child.pk).update(root=None)
    return [child.pk for child in children]
