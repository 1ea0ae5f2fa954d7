"""Move and remove aliases. Moving `champion` to a version promotes it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.registry.rows import lock_model, lock_version, mark_updated
from runs.models import ModelAlias, ModelVersion, RegisteredModel
from studio.core import names
from studio.core.errors import Conflict


@transaction.atomic
def move_alias(
    version: ModelVersion,
    alias: str,
    *,
    actor: Actor,
    now: int,
    note: str = "",
    expected: int | None = None,
) -> ModelAlias:
    """Let an alias point to a version; it is created if needed.

    `expected` is the number of the version that the caller saw it at, 0 for no
    version; raises Conflict if it points elsewhere now. Without it there is no check.
    """
    names.check_model_alias(alias)
    names.check_description(note, "note")
    lock_version(version)
    model = version.model
    found = _find(model, alias)
    if expected is not None:
        _refuse_if_moved(found, alias, expected, version.number)
    before = _shown(found)
    row = found or ModelAlias(model=model, name=alias)
    if found is not None and found.version.pk == version.pk and not note:
        # A script that sets its alias again keeps the note.
        return found
    row.version, row.note, row.moved, row.moved_by = version, note, now, actor.user
    row.save()
    mark_updated(model, now)
    _record(model, "move alias", alias, before, _shown(row), actor, now)
    return row


@transaction.atomic
def remove_alias(model: RegisteredModel, alias: str, *, actor: Actor, now: int) -> bool:
    """Remove an alias; return whether it existed."""
    names.check_model_alias(alias)
    lock_model(model)
    found = _find(model, alias)
    if found is None:
        return False
    before = _shown(found)
    found.delete()
    mark_updated(model, now)
    _record(model, "remove alias", alias, before, None, actor, now)
    return True


def _find(model: RegisteredModel, alias: str) -> ModelAlias | None:
    rows = ModelAlias.objects.filter(model=model, name=alias)
    return rows.select_related("version", "moved_by").first()


def _shown(alias: ModelAlias | None) -> dict[str, Any] | None:
    """Return the alias as history shows it."""
    if alias is None:
        return None
    return {"version": alias.version.number, "note": alias.note}


def _refuse_if_moved(
    found: ModelAlias | None, alias: str, expected: int, wanted: int
) -> None:
    current = found.version.number if found is not None else 0
    if current in (expected, wanted):
        return
    by = found.moved_by.username if found is not None and found.moved_by else ""
    if found is None:
        text = _("The alias @%(alias)s was removed since you opened it.")
    else:
        text = _("The alias @%(alias)s now points to version %(now)s.")
    raise Conflict(
        text % {"alias": alias, "now": current},
        alias=alias,
        now=current,
        expected=expected,
        moved_by=by,
        note=found.note if found is not None else "",
    )


def _record(
    model: RegisteredModel,
    action: str,
    alias: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    actor: Actor,
    now: int,
) -> None:
    edits = [Edit(f"aliases.{alias}", before, after, registered_model=model)]
    record_changes(model.workspace, action, edits, actor=actor, now=now)
