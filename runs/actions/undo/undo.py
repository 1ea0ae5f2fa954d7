"""Undo: what a change set changed is put back, as a change set of its own.

Names, descriptions, tags, stars, archive and trash can be undone, of runs and of
experiments, and conclusions; an undo too, which is a redo. What somebody changed since
is not overwritten unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.changes.change_sets import Edit, record
from runs.actions.compare import conclusions as conclude
from runs.actions.experiments import undo as undo_experiment
from runs.actions.run.annotate import delete_tags, write_text
from runs.actions.run.runs import switch
from runs.actions.run_rows.bump_revision import touch
from runs.actions.run_rows.search_text import follow_tags
from runs.actions.run_rows.texts import write_tags
from runs.models import Change, ChangeSet, KeyKind, Run, RunStar, RunTag
from studio.core.errors import Conflict, NotSupported

TEXTS = ("name", "description")
SWITCHES = ("archived", "deleted")
TAG = "tags."
UNDO, REDO = "undo", "redo"


def can_undo(change_set: ChangeSet, changes: Sequence[Change], actor: Actor) -> bool:
    """Whether `actor`, who may annotate, can have it undone; a star is its owner's."""
    is_own = actor.user is not None and change_set.actor_id == actor.user.pk
    return bool(changes) and all(
        (change.run_id is not None or change.experiment_id is not None)
        and (
            change.field in (*TEXTS, *SWITCHES)
            or change.field.startswith((TAG, conclude.FIELD))
            or (change.field == "starred" and is_own)
        )
        for change in changes
    )


@transaction.atomic
def undo(
    change_set: ChangeSet, *, actor: Actor, now: int, anyway: bool = False
) -> None:
    """Put back what stood before; raises Conflict if something changed since.

    Its detail `later` lists what: `field`, `before`, `after` and `now`. With `anyway`
    that is overwritten.
    """
    related = ("run", "experiment__workspace")
    changes = list(change_set.changes.select_related(*related).order_by("-pk"))
    if not can_undo(change_set, changes, actor):
        raise NotSupported("This change cannot be undone.")
    undo_experiment.lock(changes)
    for run in _runs(changes):
        touch(run, now)
    found = [(change, _current(change, change_set)) for change in changes]
    later = [told(c, value) for c, value in found if value not in (c.after, c.before)]
    if later and not anyway:
        raise Conflict("Something of it was changed since.", later=later)
    edits = [
        edit
        for change, value in found
        if value != change.before
        for edit in _put_back(change, value, change_set, now)
    ]
    action = REDO if change_set.action == UNDO else UNDO
    record(change_set.workspace, action, edits, actor=actor, now=now)


def _runs(changes: Sequence[Change]) -> list[Run]:
    """In one order for all, so that two writers never wait for each other."""
    runs = {c.run.pk: c.run for c in changes if c.run and c.field != "starred"}
    return [runs[pk] for pk in sorted(runs)]


def told(change: Change, value: Any) -> dict[str, Any]:
    return {
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "now": value,
    }


def _current(change: Change, change_set: ChangeSet) -> Any:
    field, run = change.field, change.run_id
    if run is None:
        return undo_experiment.current(change, change_set)
    if field.startswith(conclude.FIELD):
        return conclude.current(field)
    if field == "starred":
        return RunStar.objects.filter(run=run, user=change_set.actor_id).exists()
    if field.startswith(TAG):
        key = field.removeprefix(TAG)
        tags = RunTag.objects.filter(run=run, key__kind=KeyKind.TAG, key__name=key)
        value = tags.values("value").first()
        return value and {"value": value["value"]}
    [stored] = Run.objects.filter(pk=run).values_list(field, flat=True)
    return stored is not None if field in SWITCHES else stored


def _put_back(
    change: Change, value: Any, change_set: ChangeSet, now: int
) -> Sequence[Edit]:
    field, run, wanted = change.field, change.run, change.before
    if run is None:
        undo_experiment.put_back(change, change_set, now)
        return [Edit(field, value, wanted, experiment=change.experiment)]
    if field in SWITCHES:
        return switch(run, field, bool(wanted), now)
    if field.startswith(conclude.FIELD):
        conclude.put_back(field, str(wanted), now)
        return [Edit(field, value, wanted, run)]
    if field.startswith(TAG):
        _put_tag(run, field.removeprefix(TAG), wanted)
    elif field == "starred":
        if wanted:
            RunStar.objects.get_or_create(run=run, user=change_set.actor)
        else:
            RunStar.objects.filter(run=run, user=change_set.actor).delete()
    else:
        write_text(run, field, str(wanted))
    return [Edit(field, value, wanted, run)]


def _put_tag(run: Run, key: str, wanted: dict[str, str | None] | None) -> None:
    if wanted is None:
        delete_tags(run, [key])
    else:
        write_tags(run, {key: wanted["value"]})
        follow_tags(run, [key])
