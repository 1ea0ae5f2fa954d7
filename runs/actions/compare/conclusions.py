"""Conclusions: one for a set of runs; changed and undone as descriptions are."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.changes.change_sets import Edit, record
from runs.actions.changes.edit_conflicts import check_seen
from runs.models import Conclusion, Run, Workspace, conclusion_key
from studio.core import names
from studio.core.errors import InvalidValue

#: A change of a conclusion is kept with the first of its runs, under this and its key.
FIELD = "conclusion."


@transaction.atomic
def conclude(
    workspace: Workspace,
    runs: Sequence[Run],
    text: str,
    *,
    query: str,
    actor: Actor,
    now: int,
    seen: str | None = None,
) -> None:
    """Set the conclusion of these runs; empty removes it.

    `seen` is the `mark` of the text that it replaces; raises Conflict if another
    stands there. `query` is how the runs lay side by side.
    """
    names.check_description(text, "conclusion")
    if not runs:
        raise InvalidValue("A conclusion is about runs", field="run")
    ids = [run.run_id for run in runs]
    row, is_new = Conclusion.objects.get_or_create(
        workspace=workspace,
        key=conclusion_key(ids),
        defaults={"created": now, "updated": now, "author": actor.user},
    )
    if is_new:
        row.runs.set(runs)
    before = _locked(row.pk)
    check_seen(seen, before, text, "conclusion")
    Conclusion.objects.filter(pk=row.pk).update(
        text=text, query=query, author=actor.user, updated=now
    )
    edit = Edit(f"{FIELD}{row.pk}", before, text, runs[0])
    record(workspace, "conclude", [edit], actor=actor, now=now)


def current(field: str) -> str:
    """The text that a change of that field is about; empty where it is gone."""
    return _locked(int(field.removeprefix(FIELD)))


def put_back(field: str, text: str, now: int) -> None:
    rows = Conclusion.objects.filter(pk=int(field.removeprefix(FIELD)))
    rows.update(text=text, updated=now)


def _locked(key: int) -> str:
    rows = Conclusion.objects.select_for_update().filter(pk=key)
    return next(iter(rows.values_list("text", flat=True)), "")
