"""Undo everything that a token changed since a time, as one change set.

Each value goes back to what it was before the token's first change of it. What was
changed by others after the token's last change is skipped, and so is what no undo
restores. Runs that the token locked are unlocked first and those that it unlocked are
locked last, so that their other values can be restored.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from runs.actions import experiments as experiment_actions
from runs.actions.actor import Actor
from runs.actions.bulk import EXPERIMENT_FIELD
from runs.actions.changes import Edit, add_changes, record_changes
from runs.actions.files import FILE_FIELDS
from runs.actions.undo.parts import KeptRuns
from runs.actions.undo.restored_locks import LOCK_FIELD, LockUndoer
from runs.actions.undo.stored_values import (
    FLAG_FIELDS,
    TAG_PREFIX,
    TEXT_FIELDS,
    lock_changed_runs,
    read_current_values,
    restore_values,
)
from runs.actions.undo.undo import UNDO, refuse_while_open
from runs.actions.undo.undo_links import mark_undone
from runs.models import ApiToken, Change, ChangeSet, Experiment, Run, Workspace
from studio.core.batches import batches
from studio.core.errors import Conflict, InvalidState, InvalidValue

#: Values of one transaction, and changes of one undo.
VALUES_PER_TRANSACTION, MAX_CHANGES = 500, 50_000


class UndoSkip(str, Enum):
    """Why a value is left as it is."""

    SAME = "same"
    CHANGED_SINCE = "changed_since"
    LOCKED = "locked"
    LOCKED_BY_OTHERS = "locked_by_others"
    TREE_LOCKED = "tree_locked"
    TRASHED = "trashed"
    REGISTERED = "registered"
    EXPERIMENT_DELETED = "experiment_deleted"
    NAME = "name"
    VERSION_GONE = "version_gone"
    NOT_SUPPORTED = "not_supported"


@dataclass
class UndoSinceResult:
    """How many values of how many runs were restored, and why others were not."""

    changed: int = 0
    runs: set[int] = field(default_factory=set)
    skipped: Counter[UndoSkip] = field(default_factory=Counter)
    #: Runs that are unlocked, or would be by what a dry run counts.
    unlocked: set[int] = field(default_factory=set)
    #: Change sets whose values are all restored, and those with others.
    sets: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    change_set: ChangeSet | None = None


@dataclass
class NetChange:
    """A value before the token's first change of it, and after its last one."""

    change: Change
    sets: set[int]


def undo_since(
    workspace: Workspace,
    token: ApiToken,
    since: int,
    *,
    actor: Actor,
    now: int,
    is_owner: bool = False,
    dry_run: bool = False,
) -> UndoSinceResult:
    """Undo what `token` changed in `workspace` since then; with `dry_run`, only count.

    Raises InvalidValue for more than `MAX_CHANGES` changes, InvalidState while a
    background task of the token goes on.
    """
    changes = _read_changes(workspace, token, since)
    result = UndoSinceResult(sets={change.change_set_id for change in changes})
    net = list(_net_changes(changes))
    for each in net:
        if not _is_supported(each.change):
            _skip(result, each, UndoSkip.NOT_SUPPORTED)
    # Stars belong to the token's user, and no other field needs the set.
    origin = ChangeSet(workspace=workspace, actor=token.user)
    supported = [each for each in net if _is_supported(each.change)]
    parts, undoer = list(_split(supported)), LockUndoer(actor, is_owner, now)
    try:
        while parts:
            with transaction.atomic():
                _restore_batch(parts[0], origin, result, undoer, dry_run)
            del parts[0]
    finally:
        # What earlier parts restored stays, also if a later one fails.
        for each in itertools.chain.from_iterable(parts):
            result.sets -= each.sets
        if result.change_set is not None:
            _finish(result.change_set, result.sets)
    return result


def count_changes_since(workspace: Workspace, token: ApiToken, since: int) -> int:
    """How many changes `undo_since` would read."""
    sets = ChangeSet.objects.filter(workspace=workspace, token=token, time__gte=since)
    return Change.objects.filter(change_set__in=sets).count()


def split_changes_since(
    workspace: Workspace, token: ApiToken, since: int
) -> tuple[list[list[int]], list[int]]:
    """Return the keys of the changes in the parts that a background task undoes.

    All changes of a value are in one part. Also returns the keys of the change sets.
    Raises what `undo_since` raises.
    """
    changes = _read_changes(workspace, token, since)
    keys: dict[tuple[Any, ...], list[int]] = {}
    for change in changes:
        keys.setdefault(_subject(change), []).append(change.pk)
    sets = {change.change_set_id for change in changes}
    net = [each for each in _net_changes(changes) if _is_supported(each.change)]
    net_subjects = {_subject(each.change) for each in net}
    parts = [
        [key for each in some for key in keys[_subject(each.change)]]
        for some in _split(net)
    ]
    # What is not restored is counted too.
    rest = [
        key
        for subject, some in keys.items()
        if subject not in net_subjects
        for key in some
    ]
    parts += [list(some) for some in batches(rest, VALUES_PER_TRANSACTION)]
    return parts, sorted(sets)


def undo_part_since(
    workspace: Workspace,
    token: ApiToken,
    keys: Sequence[int],
    into: ChangeSet | None,
    *,
    actor: Actor,
    now: int,
    is_owner: bool,
) -> UndoSinceResult:
    """Undo one part of `split_changes_since`; the caller holds the transaction.

    Its `sets` are those of the part whose values are all restored.
    """
    changes = [
        change
        for some in batches(keys)
        for change in _with_subjects(Change.objects.filter(pk__in=some))
    ]
    changes.sort(key=lambda change: change.pk)
    result = UndoSinceResult(
        sets={change.change_set_id for change in changes}, change_set=into
    )
    supported = []
    for each in _net_changes(changes):
        if _is_supported(each.change):
            supported.append(each)
        else:
            _skip(result, each, UndoSkip.NOT_SUPPORTED)
    if supported:
        origin = ChangeSet(workspace=workspace, actor=token.user)
        undoer = LockUndoer(actor, is_owner, now)
        _restore_batch(supported, origin, result, undoer, dry_run=False)
    return result


def finish_undo_since(undo: ChangeSet, sets: Collection[int]) -> None:
    """Mark change sets, whose values are all restored, as undone by `undo`."""
    _finish(undo, set(sets))


def _read_changes(workspace: Workspace, token: ApiToken, since: int) -> list[Change]:
    sets = ChangeSet.objects.filter(workspace=workspace, token=token, time__gte=since)
    refuse_while_open(sets)
    rows = _with_subjects(Change.objects.filter(change_set__in=sets))
    changes = list(rows.order_by("pk")[: MAX_CHANGES + 1])
    if len(changes) > MAX_CHANGES:
        raise InvalidValue(
            _("These are more than %(limit)s changes. Choose a later time.")
            % {"limit": f"{MAX_CHANGES:,}"},
            field="since",
        )
    return changes


def _with_subjects(changes: QuerySet[Change]) -> QuerySet[Change]:
    related = changes.select_related("run", "experiment__workspace")
    return related.defer("run__description", "run__error")


def _subject(change: Change) -> tuple[Any, ...]:
    """What is the same for all changes of one value."""
    subject = (change.run_id, change.experiment_id, change.view_id)
    return (*subject, change.registered_model_id, change.field)


def _finish(undo: ChangeSet, sets: set[int]) -> None:
    # A run can have values in several parts, so the sum of their runs is too high.
    counted = undo.changes.aggregate(runs=Count("run", distinct=True))
    ChangeSet.objects.filter(pk=undo.pk).update(run_count=counted["runs"])
    mark_undone(sorted(sets - {undo.pk}), undo)


def _split(net: Sequence[NetChange]) -> Iterator[Sequence[NetChange]]:
    """Moves are in one part, because each run of a tree gets its number back."""
    moves = [each for each in net if each.change.field == EXPERIMENT_FIELD]
    locks = [each for each in net if each.change.field == LOCK_FIELD]
    others = [
        each for each in net if each.change.field not in (EXPERIMENT_FIELD, LOCK_FIELD)
    ]
    unlocked = [each for each in locks if not each.change.before]
    locked_again = [each for each in locks if each.change.before]
    yield from batches(unlocked, VALUES_PER_TRANSACTION)
    yield from batches(others, VALUES_PER_TRANSACTION)
    if moves:
        yield moves
    yield from batches(locked_again, VALUES_PER_TRANSACTION)


def _net_changes(changes: Sequence[Change]) -> Iterator[NetChange]:
    found: dict[tuple[Any, ...], NetChange] = {}
    for change in changes:
        key = _subject(change)
        if key not in found:
            found[key] = NetChange(change, {change.change_set_id})
        else:
            found[key].change.after = change.after
            found[key].sets.add(change.change_set_id)
    for each in found.values():
        if each.change.before != each.change.after:
            yield each


def _is_supported(change: Change) -> bool:
    if change.field == LOCK_FIELD:
        return change.run_id is not None
    return (change.run_id is not None or change.experiment_id is not None) and (
        change.field in (*TEXT_FIELDS, *FLAG_FIELDS, EXPERIMENT_FIELD)
        or change.field.startswith(TAG_PREFIX)
        or (change.run_id is not None and change.field.startswith(FILE_FIELDS))
    )


def _skip(result: UndoSinceResult, net: NetChange, reason: UndoSkip) -> None:
    result.skipped[reason] += 1
    if reason != UndoSkip.SAME:
        result.sets -= net.sets
        result.kept |= net.sets


def _restore_batch(
    some: Sequence[NetChange],
    origin: ChangeSet,
    result: UndoSinceResult,
    undoer: LockUndoer,
    dry_run: bool,
) -> None:
    changes = [each.change for each in some]
    if dry_run:
        runs = {c.run_id: c.run for c in changes if c.run_id and c.run}
        for key in result.unlocked & runs.keys():
            runs[key].locked = False
    else:
        experiment_actions.lock_changed_experiments(changes)
        runs = lock_changed_runs(changes)
    values = read_current_values(changes, origin)
    kept = KeptRuns(changes, runs, undoer)
    homeless = _trees_without_a_place(changes, origin.workspace_id)
    wanted: list[tuple[Change, Any]] = []
    for net, value in zip(some, values, strict=True):
        reason = _reason_to_skip(net.change, value, kept, homeless)
        if reason is None:
            wanted.append((net.change, value))
        else:
            _skip(result, net, reason)
    result.unlocked |= {
        change.run_id
        for change, _value in wanted
        if change.run_id and change.field == LOCK_FIELD and not change.before
    }
    if dry_run:
        _count(result, [change for change, _value in wanted])
        return
    edits = _restore(wanted, some, runs, origin, result, undoer)
    if result.change_set is None:
        result.change_set = record_changes(
            origin.workspace, UNDO, edits, actor=undoer.actor, now=undoer.now
        )
    else:
        add_changes(result.change_set, edits)


def _trees_without_a_place(changes: Sequence[Change], workspace: int) -> set[int]:
    """Return the roots of moved trees whose experiment before is deleted.

    The rows of the experiments are locked, but not in a dry run.
    """
    left = [
        (_root_of(each), each.before["experiment"])
        for each in changes
        if each.field == EXPERIMENT_FIELD and each.before is not None
    ]
    numbers = {number for _root, number in left}
    rows = Experiment.objects.filter(workspace=workspace, deleted__isnull=True)
    active = set(rows.filter(number__in=numbers).values_list("number", flat=True))
    return {root for root, number in left if number not in active}


def _root_of(change: Change) -> int:
    assert change.run is not None
    return change.run.root_id or change.run.pk


def _reason_to_skip(
    change: Change, value: Any, kept: KeptRuns, homeless: Collection[int]
) -> UndoSkip | None:
    if value == change.before:
        return UndoSkip.SAME
    if value != change.after:
        return UndoSkip.CHANGED_SINCE
    if change.field == EXPERIMENT_FIELD and _root_of(change) in homeless:
        # Its tree stays whole.
        return UndoSkip.EXPERIMENT_DELETED
    why = kept.why(change)
    return UndoSkip(why) if why else None


def _restore(
    wanted: Sequence[tuple[Change, Any]],
    some: Sequence[NetChange],
    runs: dict[int, Run],
    origin: ChangeSet,
    result: UndoSinceResult,
    undoer: LockUndoer,
) -> list[Edit]:
    """Restore values; rules can refuse those of experiments and files, one by one."""
    alone = [each for each in wanted if _can_be_refused(each[0])]
    of_runs = [each for each in wanted if not _can_be_refused(each[0])]
    edits = restore_values(of_runs, runs, origin, undoer.now, undoer)
    _count(result, [change for change, _value in of_runs])
    net_of = {id(each.change): each for each in some}
    for change, value in alone:
        try:
            with transaction.atomic():
                edits += restore_values([(change, value)], runs, origin, undoer.now)
            _count(result, [change])
        except Conflict:
            _skip(result, net_of[id(change)], UndoSkip.NAME)
        except InvalidState:
            _skip(result, net_of[id(change)], UndoSkip.LOCKED)
    return edits


def _can_be_refused(change: Change) -> bool:
    return change.run_id is None or change.field.startswith(FILE_FIELDS)


def _count(result: UndoSinceResult, changes: Sequence[Change]) -> None:
    result.changed += len(changes)
    result.runs |= {change.run_id for change in changes if change.run_id}
