"""Read the current values of changes, and restore the values before them.

A change set can have thousands of changes, so those of runs are read and written with
a few statements per field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.actions import comments as comment_actions
from runs.actions import compare as compare_actions
from runs.actions import experiments as experiment_actions
from runs.actions.bulk import (
    EXPERIMENT_FIELD,
    bump_changed_revisions,
    is_same_place,
    lock_experiments_of,
    lock_places,
    lock_runs,
    read_places,
    registered_runs,
    remove_tags_of_runs,
    restore_places,
    set_tags_of_runs,
    write_flag_of_runs,
    write_names_of_runs,
    write_stars_of_runs,
)
from runs.actions.changes import Edit
from runs.actions.files import (
    FILE_FIELDS,
    is_same_version,
    read_current_files,
    restore_version,
)
from runs.actions.run import write_color, write_name_or_description
from runs.actions.run_rows import refuse_if_locked, refuse_if_run_registered
from runs.actions.undo.restored_locks import LOCK_FIELD, LockUndoer
from runs.models import Change, ChangeSet, KeyKind, Run, RunStar, RunTag
from studio.core.batches import batches

TEXT_FIELDS = ("name", "description")
FLAG_FIELDS = ("archived", "deleted")
STAR_FIELD, COLOR_FIELD = "starred", "color"
TAG_PREFIX = "tags."
#: Beginnings of fields that are no part of the run, so a lock does not keep them.
NOT_OF_THE_RUN = (
    STAR_FIELD,
    compare_actions.CONCLUSION_FIELD,
    comment_actions.COMMENT_FIELD,
)
#: Rows that one statement names.
ROWS_PER_STATEMENT = 500


def lock_changed_runs(changes: Sequence[Change]) -> dict[int, Run]:
    """Lock the changed runs, always in the same order; return them by key."""
    keys = {c.run_id for c in changes if c.run_id and c.field != STAR_FIELD}
    if any(c.field == LOCK_FIELD for c in changes):
        lock_experiments_of(sorted(keys))
    moved = {
        c.run_id: (c.before, c.after)
        for c in changes
        if c.run_id and c.field == EXPERIMENT_FIELD
    }
    if moved:
        lock_places(moved, changes[0].change_set.workspace_id)
    return {
        run.pk: run
        for some in batches(sorted(keys), ROWS_PER_STATEMENT)
        for run in lock_runs(some)
    }


def read_current_values(changes: Sequence[Change], change_set: ChangeSet) -> list[Any]:
    """Return the current value of each change, in the form of `Change.before`."""
    by_field = {
        field: _read_field(field, [c.run_id for c in some if c.run_id], change_set)
        for field, some in _changes_of_runs_by_field(changes).items()
    }
    return [
        experiment_actions.current_experiment_value(change, change_set)
        if change.run_id is None
        else _as_stored(change, by_field[change.field].get(change.run_id))
        for change in changes
    ]


def _as_stored(change: Change, value: Any) -> Any:
    """Return the value of the change that means the same, else `value`."""
    is_same = None
    if change.field == EXPERIMENT_FIELD:
        is_same = is_same_place
    elif change.field.startswith(FILE_FIELDS):
        is_same = is_same_version
    if is_same is not None and value is not None:
        for stored in (change.after, change.before):
            if stored is not None and is_same(stored, value):
                return stored
    return value


def _changes_of_runs_by_field(changes: Sequence[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        if change.run_id is not None:
            found.setdefault(change.field, []).append(change)
    return found


def _read_field(
    field: str, keys: Sequence[int], change_set: ChangeSet
) -> dict[int, Any]:
    if field.startswith(compare_actions.CONCLUSION_FIELD):
        return dict.fromkeys(keys, compare_actions.read_current_conclusion(field))
    if field.startswith(comment_actions.COMMENT_FIELD):
        return dict.fromkeys(keys, comment_actions.read_current_comment(field))
    if field.startswith(FILE_FIELDS):
        return dict(read_current_files(field, keys))
    found: dict[int, Any] = dict.fromkeys(keys, False) if field == STAR_FIELD else {}
    for some in batches(keys, ROWS_PER_STATEMENT):
        found.update(_read_rows(field, some, change_set))
    return found


def _read_rows(
    field: str, keys: Sequence[int], change_set: ChangeSet
) -> Mapping[int, Any]:
    if field == STAR_FIELD:
        stars = RunStar.objects.filter(run__in=keys, user=change_set.actor_id)
        return dict.fromkeys(stars.values_list("run_id", flat=True), True)
    if field.startswith(TAG_PREFIX):
        name = field.removeprefix(TAG_PREFIX)
        tags = RunTag.objects.filter(
            run__in=keys, key__kind=KeyKind.TAG, key__name=name
        )
        return {
            run: {"value": value} for run, value in tags.values_list("run_id", "value")
        }
    if field == EXPERIMENT_FIELD:
        return read_places(keys)
    rows = Run.objects.filter(pk__in=keys).values_list("pk", field)
    if field in FLAG_FIELDS:
        return {run: stored is not None for run, stored in rows}
    return dict(rows)


def restore_values(
    changed: Sequence[tuple[Change, Any]],
    runs: Mapping[int, Run],
    change_set: ChangeSet,
    now: int,
    undoer: LockUndoer | None = None,
) -> list[Edit]:
    """Restore the values before the changes, which are given with the current values.

    `runs` are the locked runs by key. Raises InvalidState if a lock or a registered
    version forbids deleting a run again. Locks need the `undoer`.
    """
    edits: list[Edit] = []
    changes = [change for change, _value in changed]
    for field, some in _changes_of_runs_by_field(changes).items():
        if field == LOCK_FIELD and undoer is not None:
            edits += undoer.restore(some, runs)
        else:
            edits += _restore_field(field, some, runs, change_set, now)
    bump_changed_revisions(edits, now)
    for change, value in changed:
        if change.run_id is None:
            experiment_actions.restore_experiment_value(change, change_set, now)
            place = change.experiment
            edits.append(Edit(change.field, value, change.before, experiment=place))
    return edits


def _restore_field(
    field: str,
    changes: Sequence[Change],
    runs: Mapping[int, Run],
    change_set: ChangeSet,
    now: int,
) -> list[Edit]:
    edits: list[Edit] = []
    _refuse_locked_runs(field, changes, runs)
    size = len(changes) if field == EXPERIMENT_FIELD else ROWS_PER_STATEMENT
    # Trees move as a whole.
    for some in batches(changes, size):
        # Stars belong to a user, so their runs are not locked.
        of = [(runs.get(c.run_id or 0) or c.run, c.before) for c in some]
        wanted = [(run, before) for run, before in of if run is not None]
        edits += _restore_rows(field, wanted, change_set, now)
    return edits


def _restore_rows(
    field: str, wanted: Sequence[tuple[Run, Any]], change_set: ChangeSet, now: int
) -> list[Edit]:
    runs = [run for run, _before in wanted]
    if field == STAR_FIELD:
        assert change_set.actor is not None
        return [
            edit
            for on in (False, True)
            for edit in write_stars_of_runs(
                [run for run, before in wanted if bool(before) is on],
                change_set.actor,
                on,
            )
        ]
    if field == EXPERIMENT_FIELD:
        return restore_places(wanted, change_set)
    if field in FLAG_FIELDS:
        return _restore_flags(field, wanted, now)
    if field.startswith(TAG_PREFIX):
        return _restore_tags(field.removeprefix(TAG_PREFIX), wanted)
    if field == "name":
        names = {run.pk: str(before) for run, before in wanted}
        return write_names_of_runs(runs, names)
    return [
        edit for run, before in wanted for edit in _restore_one(field, run, before, now)
    ]


def _restore_flags(
    field: str, wanted: Sequence[tuple[Run, Any]], now: int
) -> list[Edit]:
    back = [run for run, before in wanted if not before]
    again = [run for run, before in wanted if before]
    if field == "deleted":
        _refuse_registered_runs(again)
    return [
        *write_flag_of_runs(back, field, False, now),
        *write_flag_of_runs(again, field, True, now),
    ]


def _refuse_locked_runs(
    field: str, changes: Sequence[Change], runs: Mapping[int, Run]
) -> None:
    """Refuse what `begin_edit` would refuse a member."""
    if field.startswith(NOT_OF_THE_RUN):
        return
    for change in changes:
        run = runs.get(change.run_id or 0)
        is_restored = field == "deleted" and not change.before
        if run is not None and run.locked and not is_restored:
            refuse_if_locked(run)


def _refuse_registered_runs(runs: Sequence[Run]) -> None:
    by_key = {run.pk: run for run in runs}
    for key in registered_runs(list(by_key)):
        refuse_if_run_registered(by_key[key])


def _restore_tags(name: str, wanted: Sequence[tuple[Run, Any]]) -> list[Edit]:
    gone = [run for run, before in wanted if before is None]
    values = {run.pk: {name: b["value"]} for run, b in wanted if b is not None}
    back = [run for run, before in wanted if before is not None]
    return [
        *remove_tags_of_runs(gone, {run.pk: [name] for run in gone}),
        *set_tags_of_runs(back, values),
    ]


def _restore_one(field: str, run: Run, before: Any, now: int) -> list[Edit]:
    now_text: Any
    if field.startswith(FILE_FIELDS):
        return [Edit(field, restore_version(field, run, before, now), before, run)]
    if field.startswith(comment_actions.COMMENT_FIELD):
        now_text = comment_actions.read_current_comment(field)
        comment_actions.restore_comment(field, before, now)
    elif field.startswith(compare_actions.CONCLUSION_FIELD):
        now_text = compare_actions.read_current_conclusion(field)
        compare_actions.restore_conclusion(field, str(before), now)
    elif field == COLOR_FIELD:
        now_text = run.color
        write_color(run, before)
    else:
        now_text = run.description
        write_name_or_description(run, field, str(before))
    return [Edit(field, now_text, before, run)]
