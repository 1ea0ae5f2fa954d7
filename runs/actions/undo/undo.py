"""Undo a change set; the undo is a change set of its own.

Can be undone: names, descriptions, tags, stars, archiving and deletion of runs and
experiments, conclusions, and an undo itself (a redo). Later changes are not overwritten
unless the caller asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions import compare as compare_actions
from runs.actions import experiments as experiment_actions
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.run import delete_run_tags, write_name_or_description, write_run_flag
from runs.actions.run_rows import (
    bump_revision,
    update_search_text_after_tag_change,
    write_tags,
)
from runs.models import Change, ChangeSet, KeyKind, Run, RunStar, RunTag
from studio.core.errors import Conflict, NotSupported

TEXT_FIELDS = ("name", "description")
FLAG_FIELDS = ("archived", "deleted")
TAG_PREFIX = "tags."
UNDO, REDO = "undo", "redo"


def can_undo(change_set: ChangeSet, changes: Sequence[Change], actor: Actor) -> bool:
    """Return whether `actor`, who can annotate, can undo it; stars only their owner
    can.
    """
    is_own = actor.user is not None and change_set.actor_id == actor.user.pk
    return bool(changes) and all(
        # Views have an undo of their own (`undo_view_change`).
        (change.run_id is not None or change.experiment_id is not None)
        and (
            change.field in (*TEXT_FIELDS, *FLAG_FIELDS)
            or change.field.startswith((TAG_PREFIX, compare_actions.CONCLUSION_FIELD))
            or (change.field == "starred" and is_own)
        )
        for change in changes
    )


@transaction.atomic
def undo_change_set(
    change_set: ChangeSet, *, actor: Actor, now: int, anyway: bool = False
) -> None:
    """Restore the values before the change; raise Conflict if something changed since.

    The error's detail `later` lists the later changes: `field`, `before`, `after` and
    `now`. With `anyway` they are overwritten.
    """
    related = ("run", "experiment__workspace")
    # In reverse: a change of the set can depend on one before it.
    changes = list(change_set.changes.select_related(*related).order_by("-pk"))
    if not can_undo(change_set, changes, actor):
        raise NotSupported(_("This change can't be undone."))
    experiment_actions.lock_changed_experiments(changes)
    # This locks the rows before their current values are read.
    for run in _changed_runs(changes):
        bump_revision(run, now)
    found = [(change, _current_value(change, change_set)) for change in changes]
    later = [
        conflict_details(c, value)
        for c, value in found
        # What is restored already is no conflict.
        if value not in (c.after, c.before)
    ]
    if later and not anyway:
        raise Conflict(
            _("Some of these values were changed after your edit."), later=later
        )
    edits = [
        edit
        for change, value in found
        if value != change.before
        for edit in _restore_value(change, value, change_set, now)
    ]
    action = REDO if change_set.action == UNDO else UNDO
    record_changes(change_set.workspace, action, edits, actor=actor, now=now)


def _changed_runs(changes: Sequence[Change]) -> list[Run]:
    """Return the changed runs, always in the same order, to avoid deadlocks."""
    runs = {c.run.pk: c.run for c in changes if c.run and c.field != "starred"}
    return [runs[pk] for pk in sorted(runs)]


def conflict_details(change: Change, value: Any) -> dict[str, Any]:
    return {
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "now": value,
    }


def _current_value(change: Change, change_set: ChangeSet) -> Any:
    field, run = change.field, change.run_id
    if run is None:
        return experiment_actions.current_experiment_value(change, change_set)
    if field.startswith(compare_actions.CONCLUSION_FIELD):
        return compare_actions.read_current_conclusion(field)
    if field == "starred":
        return RunStar.objects.filter(run=run, user=change_set.actor_id).exists()
    if field.startswith(TAG_PREFIX):
        key = field.removeprefix(TAG_PREFIX)
        tags = RunTag.objects.filter(run=run, key__kind=KeyKind.TAG, key__name=key)
        value = tags.values("value").first()
        return value and {"value": value["value"]}
    [stored] = Run.objects.filter(pk=run).values_list(field, flat=True)
    return stored is not None if field in FLAG_FIELDS else stored


def _restore_value(
    change: Change, value: Any, change_set: ChangeSet, now: int
) -> Sequence[Edit]:
    field, run, wanted = change.field, change.run, change.before
    if run is None:
        experiment_actions.restore_experiment_value(change, change_set, now)
        return [Edit(field, value, wanted, experiment=change.experiment)]
    if field in FLAG_FIELDS:
        return write_run_flag(run, field, bool(wanted), now)
    if field.startswith(compare_actions.CONCLUSION_FIELD):
        compare_actions.restore_conclusion(field, str(wanted), now)
        return [Edit(field, value, wanted, run)]
    if field.startswith(TAG_PREFIX):
        _restore_tag(run, field.removeprefix(TAG_PREFIX), wanted)
    elif field == "starred":
        if wanted:
            RunStar.objects.get_or_create(run=run, user=change_set.actor)
        else:
            RunStar.objects.filter(run=run, user=change_set.actor).delete()
    else:
        write_name_or_description(run, field, str(wanted))
    return [Edit(field, value, wanted, run)]


def _restore_tag(run: Run, key: str, wanted: dict[str, str | None] | None) -> None:
    if wanted is None:
        delete_run_tags(run, [key])
    else:
        write_tags(run, {key: wanted["value"]})
        update_search_text_after_tag_change(run, [key])
