"""Change sets: the history shows them, and undo reverts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runs.actions.actor import Actor
from runs.models import (
    COMPUTE_ACTIONS,
    Change,
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
        )
    )
    add_changes(change_set, real)
    return change_set


def add_changes(change_set: ChangeSet, changes: Sequence[Edit]) -> None:
    """Add changes to a change set that has several transactions."""
    _insert_changes(
        [
            Change(
                change_set=change_set,
                run=edit.run,
                experiment=edit.experiment,
                view=edit.view,
                registered_model=edit.registered_model,
                field=edit.field,
                before=edit.before,
                after=edit.after,
            )
            for edit in changes
            if edit.before != edit.after
        ]
    )
