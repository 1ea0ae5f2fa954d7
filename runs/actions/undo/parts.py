"""Undo a part of a large change set; all parts belong to one change set of the undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext as _

from runs.actions import experiments as experiment_actions
from runs.actions.actor import Actor
from runs.actions.bulk import EXPERIMENT_FIELD, Skip, registered_runs
from runs.actions.changes import add_changes, record_changes
from runs.actions.files import missing_versions
from runs.actions.undo.restored_locks import LOCK_FIELD, LockUndoer
from runs.actions.undo.stored_values import (
    NOT_OF_THE_RUN,
    lock_changed_runs,
    read_current_values,
    restore_values,
)
from runs.actions.undo.undo import (
    MAX_LATER,
    REDO,
    UNDO,
    can_undo,
    conflict_details,
    refuse_while_open,
)
from runs.models import Change, ChangeSet, Experiment, Run
from studio.core.batches import batches
from studio.core.errors import NotSupported


@dataclass
class UndonePart:
    """What came of a part, and the change set of the whole undo."""

    change_set: ChangeSet | None
    restored: int = 0
    already: int = 0
    #: Values that were changed since; the first ones in detail.
    later_count: int = 0
    later: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def refuse_if_not_undoable(change_set: ChangeSet, actor: Actor) -> None:
    """Raise NotSupported unless `actor`, who can annotate, can undo a large change set.

    Of the many changes only one for each field is read. Raises InvalidState while a
    background task still adds to the change set.
    """
    refuse_while_open([change_set])
    has_run = Case(
        When(run__isnull=False, then=Value(1)),
        When(experiment__isnull=False, then=Value(2)),
        default=Value(0),
        output_field=IntegerField(),
    )
    kinds = change_set.changes.annotate(place=has_run).values_list("field", "place")
    samples = [
        Change(
            field=name,
            run_id=1 if place == 1 else None,
            experiment_id=1 if place == 2 else None,
        )
        for name, place in kinds.distinct()
    ]
    if not can_undo(change_set, samples, actor):
        raise NotSupported(_("This change can't be undone."))


def split_changes(change_set: ChangeSet, size: int) -> list[list[int]]:
    """Return the keys of the changes in the parts in which they are undone.

    In reverse, because a change of the set can depend on one before it. Moved trees
    stay whole, because each run of a tree gets its number back.
    """
    rows = change_set.changes.order_by("-pk")
    if not rows.filter(field=EXPERIMENT_FIELD).exists():
        keys = list(rows.values_list("pk", flat=True))
        return [list(some) for some in batches(keys, size)]
    trees: dict[int | None, list[int]] = {}
    for key, run, root in rows.values_list("pk", "run_id", "run__root_id"):
        trees.setdefault(root or run, []).append(key)
    parts: list[list[int]] = [[]]
    for tree in trees.values():
        if len(parts[-1]) >= size:
            parts.append([])
        parts[-1] += tree
    return parts


def undo_changes(
    change_set: ChangeSet,
    changes: list[Change],
    *,
    into: ChangeSet | None,
    actor: Actor,
    now: int,
    anyway: bool,
    is_owner: bool,
) -> UndonePart:
    """Restore the values before these changes; the caller holds the transaction.

    Values that were changed since are left unless `anyway`. Runs that can't be deleted
    again are left too.
    """
    _attach_experiments(changes)
    experiment_actions.lock_changed_experiments(changes)
    runs = lock_changed_runs(changes)
    _attach_runs(changes, runs)
    values = read_current_values(changes, change_set)
    part = UndonePart(into)
    undoer = LockUndoer(actor, is_owner, now)
    kept = KeptRuns(changes, runs, undoer)
    wanted: list[tuple[Change, Any]] = []
    for change, value in zip(changes, values, strict=True):
        if value == change.before:
            part.already += 1
        elif value != change.after and not anyway:
            part.later_count += 1
            part.later.append(_describe_later(change, value))
        elif why := kept.why(change):
            part.skipped[why] += 1
        else:
            wanted.append((change, value))
    del part.later[MAX_LATER:]
    edits = restore_values(wanted, runs, change_set, now, undoer)
    part.restored = len(wanted)
    if into is None:
        action = REDO if change_set.action == UNDO else UNDO
        part.change_set = record_changes(
            change_set.workspace, action, edits, actor=actor, now=now
        )
    else:
        add_changes(into, edits)
    return part


def _attach_experiments(changes: Sequence[Change]) -> None:
    """Set the experiments of changes that were read without them."""
    keys = {c.experiment_id for c in changes if c.experiment_id}
    if keys:
        known = Experiment.objects.select_related("workspace").in_bulk(keys)
        for change in changes:
            if change.experiment_id in known:
                change.experiment = known[change.experiment_id]


def _attach_runs(changes: Sequence[Change], locked: Mapping[int, Run]) -> None:
    """Set the runs of changes that were read without them; stars lock no run."""
    known = dict(locked)
    others = {c.run_id for c in changes if c.run_id and c.run_id not in known}
    light = Run.objects.defer("description", "error")
    for some in batches(sorted(others)):
        known.update(light.in_bulk(some))
    for change in changes:
        if change.run_id in known:
            change.run = known[change.run_id]


class KeptRuns:
    """Runs that a member could not change either: locked, or of registered models."""

    def __init__(
        self,
        changes: Sequence[Change],
        runs: Mapping[int, Run],
        undoer: LockUndoer | None = None,
    ) -> None:
        locks = [change for change in changes if change.field == LOCK_FIELD]
        self._locks = undoer.find_kept(locks, runs) if undoer and locks else {}
        self._runs = runs
        locked = [run for run in runs.values() if run.locked]
        self._locked = {run.pk for run in locked}
        self._locked_trees = {run.root_id or run.pk for run in locked}
        trashed = [c.run_id for c in changes if _trashes(c) and c.run_id]
        self._registered = registered_runs(trashed) if trashed else set()
        self._gone = missing_versions(changes)

    def why(self, change: Change) -> str:
        """Return why the value is left as it is; empty if it is restored."""
        run = self._runs.get(change.run_id or 0)
        if run is None or change.field.startswith(NOT_OF_THE_RUN):
            return ""
        if change.field == LOCK_FIELD:
            why = self._locks.get(run.pk)
            return why.value if why else ""
        is_restored = change.field == "deleted" and not change.before
        is_moved = change.field == EXPERIMENT_FIELD
        if run.pk in self._locked and not is_restored:
            return "locked"
        if change.pk in self._gone:
            return Skip.VERSION_GONE.value
        if is_moved and (run.root_id or run.pk) in self._locked_trees:
            return "tree_locked"
        return "registered" if run.pk in self._registered and _trashes(change) else ""


def _trashes(change: Change) -> bool:
    """Whether the undo of the change moves a run to the trash."""
    return change.field == "deleted" and bool(change.before)


def _describe_later(change: Change, value: Any) -> dict[str, Any]:
    run = change.run
    return {**conflict_details(change, value), "run": run.run_id if run else None}
