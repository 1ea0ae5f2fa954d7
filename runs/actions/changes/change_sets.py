"""Change sets: the history shows them, and undo reverts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from runs.actions.actor import Actor
from runs.models import (
    COMPUTE_ACTIONS,
    Change,
    ChangeKind,
    ChangeSet,
    Experiment,
    RegisteredModel,
    Run,
    View,
    Workspace,
)
from runs.storage.prepared import PreparedInsert

#: Prepared, because scripts set tags with each run.
_insert_set = PreparedInsert(ChangeSet)
_insert_changes = PreparedInsert(Change)
_CHANGE_COLUMNS = (
    "change_set_id",
    "run_id",
    "experiment_id",
    "view_id",
    "registered_model_id",
    "field",
    "before",
    "after",
)


@dataclass(frozen=True)
class Edit:
    """A field's value before and after a change; None without a value."""

    field: str
    before: Any
    after: Any
    run: Run | None = None
    experiment: Experiment | None = None
    view: View | None = None
    registered_model: RegisteredModel | None = None


def record_changes(
    workspace: Workspace,
    action: str,
    changes: Sequence[Edit],
    *,
    actor: Actor,
    now: int,
) -> ChangeSet | None:
    """Store `changes` as one change set; return None if nothing changed."""
    # Scripts often set what is set already: the history should show changes alone.
    real = [edit for edit in changes if edit.before != edit.after]
    if not real:
        return None
    change_set = _insert_set.insert_one(
        ChangeSet(
            workspace=workspace,
            time=now,
            action=action,
            is_compute=action in COMPUTE_ACTIONS,
            actor=actor.user,
            token=actor.token,
            alert_rule=actor.alert_rule,
            way=actor.way,
            kind=_kind_of(action, real[0]),
            experiment_id=_only_experiment(real),
            view=real[0].view,
            is_personal=_is_personal(real),
            run_count=_count_runs(real),
            change_count=len(real),
        )
    )
    _insert(change_set, real)
    return change_set


def add_changes(change_set: ChangeSet, changes: Sequence[Edit]) -> None:
    """Add changes of further runs to a change set that has several transactions."""
    real = [edit for edit in changes if edit.before != edit.after]
    if not real:
        return
    rows = ChangeSet.objects.filter(pk=change_set.pk)
    if change_set.experiment_id != _only_experiment(real):
        change_set.experiment_id = None
        rows.update(experiment=None)
    rows.update(
        run_count=F("run_count") + _count_runs(real),
        change_count=F("change_count") + len(real),
    )
    _insert(change_set, real)


_KIND_OF_FIELD = {
    "name": ChangeKind.RENAME,
    "description": ChangeKind.DESCRIBE,
    "picture": ChangeKind.DESCRIBE,
    "conclusion": ChangeKind.DESCRIBE,
    "comment": ChangeKind.COMMENT,
    "comments": ChangeKind.COMMENT,
    "tags": ChangeKind.TAG,
    "archived": ChangeKind.ARCHIVE,
    "experiment": ChangeKind.ARCHIVE,
    "deleted": ChangeKind.DELETE,
    "status": ChangeKind.STATUS,
    "starred": ChangeKind.STAR,
    "locked": ChangeKind.LOCK,
    "members": ChangeKind.MEMBERS,
    "tokens": ChangeKind.MEMBERS,
    "invitations": ChangeKind.MEMBERS,
    "public_links": ChangeKind.MEMBERS,
    "purged": ChangeKind.DELETE,
    "queue": ChangeKind.COMPUTE,
    "file": ChangeKind.FILE,
    "model_file": ChangeKind.FILE,
}


def _kind_of(action: str, edit: Edit) -> ChangeKind:
    """Of the field, so that an undo is of the kind of what it undoes."""
    field = edit.field.partition(".")[0].partition(":")[0]
    if action in COMPUTE_ACTIONS:
        return ChangeKind.COMPUTE
    if field in ("comment", "comments", "starred", "public_links"):
        return _KIND_OF_FIELD[field]
    if edit.view is not None or field == "default_view":
        return ChangeKind.VIEW
    if edit.registered_model is not None:
        return ChangeKind.MODEL
    return _KIND_OF_FIELD.get(field, ChangeKind.OTHER)


def _only_experiment(changes: Sequence[Edit]) -> int | None:
    """The experiment of all changes, None for several; a read would cost a query."""
    found = {
        edit.experiment.pk
        if edit.experiment is not None
        else edit.run.__dict__.get("experiment_id")
        if edit.run is not None
        else None
        for edit in changes
    }
    return found.pop() if len(found) == 1 else None


def _count_runs(changes: Sequence[Edit]) -> int:
    return len({edit.run.pk for edit in changes if edit.run is not None})


def _is_personal(changes: Sequence[Edit]) -> bool:
    """Whether only its author can know of it: a star, or a view that was private."""
    return all(
        edit.field == "starred" or (edit.view is not None and not _was_shared(edit))
        for edit in changes
    )


def _was_shared(edit: Edit) -> bool:
    assert edit.view is not None
    return edit.field == "shared" or edit.view.shared


def _insert(change_set: ChangeSet, changes: Sequence[Edit]) -> None:
    # Tuples, because a change set can have hundreds of thousands of changes.
    _insert_changes.write(
        _CHANGE_COLUMNS,
        [
            (
                change_set.pk,
                edit.run and edit.run.pk,
                edit.experiment and edit.experiment.pk,
                edit.view and edit.view.pk,
                edit.registered_model and edit.registered_model.pk,
                edit.field,
                edit.before,
                edit.after,
            )
            for edit in changes
        ],
    )
