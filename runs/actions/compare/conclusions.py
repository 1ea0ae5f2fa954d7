"""Conclusions: one text per set of runs, edited and undone like descriptions."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, check_version, record_changes
from runs.models import Conclusion, Run, Workspace, conclusion_key
from studio.core import names
from studio.core.errors import InvalidValue

#: Change sets store a conclusion with its first run, in the field of this prefix and
#: its key.
CONCLUSION_FIELD = "conclusion."


@transaction.atomic
def set_conclusion(
    workspace: Workspace,
    runs: Sequence[Run],
    text: str,
    *,
    query: str,
    actor: Actor,
    now: int,
    seen_version: str | None = None,
) -> None:
    """Set the conclusion of these runs; an empty text removes it.

    `seen_version` is the `version_token` of the replaced text; raises Conflict if it
    has changed. `query` is the query string of the comparison.
    """
    names.check_description(text, "conclusion")
    if not runs:
        raise InvalidValue(_("A conclusion needs at least one run."), field="run")
    ids = [run.run_id for run in runs]
    row, is_new = Conclusion.objects.get_or_create(
        workspace=workspace,
        key=conclusion_key(ids),
        defaults={"created": now, "updated": now, "author": actor.user},
    )
    if is_new:
        row.runs.set(runs)
    # Read under the lock, so the version check and the change set see the same text.
    before = _lock_and_read_text(row.pk)
    check_version(seen_version, before, text, "conclusion")
    Conclusion.objects.filter(pk=row.pk).update(
        text=text, query=query, author=actor.user, updated=now
    )
    # A change needs a run or experiment whose history shows it: the first of the
    # comparison.
    edit = Edit(f"{CONCLUSION_FIELD}{row.pk}", before, text, runs[0])
    record_changes(workspace, "conclude", [edit], actor=actor, now=now)


def read_current_conclusion(field: str) -> str:
    """Return the conclusion that the field refers to; empty if it was deleted."""
    return _lock_and_read_text(int(field.removeprefix(CONCLUSION_FIELD)))


def restore_conclusion(field: str, text: str, now: int) -> None:
    rows = Conclusion.objects.filter(pk=int(field.removeprefix(CONCLUSION_FIELD)))
    rows.update(text=text, updated=now)


def _lock_and_read_text(key: int) -> str:
    rows = Conclusion.objects.select_for_update().filter(pk=key)
    return next(iter(rows.values_list("text", flat=True)), "")
