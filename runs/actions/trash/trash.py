"""Restore or purge what members chose from the trash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.background_tasks import (
    LARGE_CHANGE,
    start_bulk_change,
    start_undo,
)
from runs.actions.bulk import (
    BulkChange,
    ExperimentFlagChange,
    FlagChange,
    Skip,
    apply_bulk_change,
    change_experiments,
)
from runs.actions.changes import Edit, record_changes
from runs.actions.expiry import PurgeChange, purge_experiment
from runs.actions.files import delete_file_rows
from runs.actions.undo import undo_change_set
from runs.actions.views import restore_view
from runs.models import (
    BackgroundTask,
    Change,
    ChangeSet,
    Experiment,
    File,
    Role,
    Run,
    View,
    Workspace,
)
from runs.search.trash import TrashContents
from studio.core.batches import batches

#: More runs are purged in the background.
LARGE_PURGE = 20


@dataclass
class TrashResult:
    """How much was restored or purged, why the rest was not, and what goes on."""

    runs: int = 0
    experiments: int = 0
    views: int = 0
    files: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)
    #: Restores or purges many runs, or restores many files.
    task: BackgroundTask | None = None


def restore_trash(
    workspace: Workspace,
    chosen: TrashContents,
    *,
    actor: Actor,
    role: Role,
    now: int,
) -> TrashResult:
    """Restore what is named, by one change set of each kind.

    Raises Conflict if a file was changed since, or its path became a folder.
    """
    result = TrashResult()
    for change_set in chosen.file_changes:
        if change_set.change_count > LARGE_CHANGE:
            result.task = start_undo(change_set, actor=actor, role=role, now=now)
            continue
        undo = undo_change_set(
            change_set, actor=actor, now=now, is_owner=role == Role.OWNER
        )
        result.files += undo.change_count if undo else 0
    if chosen.experiments:
        restored = change_experiments(
            workspace,
            [each.pk for each in chosen.experiments],
            ExperimentFlagChange("deleted", False),
            actor=actor,
            now=now,
        )
        result.experiments = restored.changed
    for view in chosen.views:
        result.views += restore_view(view, actor=actor, now=now) is not None
    change = FlagChange("deleted", False, now)
    _change_runs(workspace, chosen.runs, change, LARGE_CHANGE, result, actor, role, now)
    return result


def purge_trash(
    workspace: Workspace,
    chosen: TrashContents,
    *,
    actor: Actor,
    role: Role,
    now: int,
) -> TrashResult:
    """Delete what is named forever. Locked and registered runs stay.

    An experiment goes once its last run is gone.
    """
    result = TrashResult()
    places = [each.pk for each in chosen.experiments]
    below = Run.objects.filter(experiment__in=places).values_list("pk", flat=True)
    keys = list(dict.fromkeys([*chosen.runs, *below]))
    for experiment in chosen.experiments:
        result.experiments += _purge_empty_experiment(experiment, actor, now)
    for view in chosen.views:
        result.views += _purge_view(view, actor, now)
    for change_set in chosen.file_changes:
        result.files += _purge_files(change_set, actor, now)
    change = PurgeChange(actor, now, tuple(places))
    _change_runs(workspace, keys, change, LARGE_PURGE, result, actor, role, now)
    return result


def _change_runs(
    workspace: Workspace,
    keys: Sequence[int],
    change: BulkChange,
    large: int,
    result: TrashResult,
    actor: Actor,
    role: Role,
    now: int,
) -> None:
    if len(keys) > large:
        need = Role.OWNER if isinstance(change, PurgeChange) else Role.CONTRIBUTOR
        result.task = start_bulk_change(
            workspace, keys, change, actor=actor, role=need, now=now
        )
        return
    del role
    done = apply_bulk_change(workspace, keys, change, actor=actor, now=now)
    result.runs = done.changed
    result.skipped += done.skipped


def _purge_empty_experiment(experiment: Experiment, actor: Actor, now: int) -> int:
    purged = purge_experiment(experiment.pk, now + 1)
    if purged:
        edit = Edit(f"purged.{experiment.number}", experiment.name, None)
        record_changes(
            experiment.workspace, "purge experiment", [edit], actor=actor, now=now
        )
    return purged


@transaction.atomic
def _purge_view(view: View, actor: Actor, now: int) -> int:
    found = View.objects.select_for_update().deleted().filter(pk=view.pk).first()
    if found is None:
        return 0
    if found.shared:
        # The name of a private view is known to its owner alone.
        edit = Edit(f"purged.{found.slug}", found.name, None)
        record_changes(view.workspace, "purge view", [edit], actor=actor, now=now)
    View.objects.filter(pk=found.pk).delete()
    return 1


@transaction.atomic
def _purge_files(change_set: ChangeSet, actor: Actor, now: int) -> int:
    """Purge the versions before these changes that are still there."""
    changes = Change.objects.filter(change_set=change_set)
    paths = {
        before["blob"]: before["path"]
        for before in changes.values_list("before", flat=True)
        if before
    }
    count, edits = 0, []
    for some in batches(list(paths)):
        rows = File.objects.filter(blob__in=some, replaced__isnull=False)
        found = list(rows.select_for_update().values_list("pk", "blob"))
        delete_file_rows(File.objects.filter(pk__in=[key for key, _blob in found]))
        count += len(found)
        for _key, blob in found:
            path = paths[blob]
            edits.append(Edit(f"purged.{path}"[:300], path, None))
    record_changes(change_set.workspace, "purge files", edits, actor=actor, now=now)
    return count
