"""Bulk changes as JSON, so that a worker can do them after a restart.

The actor and the user of a change are those of its task, and are not stored twice.
"""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from typing import Any

from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.bulk import (
    BulkChange,
    CancelChange,
    FlagChange,
    LockChange,
    MarkChange,
    MoveChange,
    NameChange,
    NamePattern,
    StarChange,
    TagChange,
)
from runs.actions.expiry import PurgeChange, RetentionChange
from runs.models import Experiment, RetentionKind, User
from studio.core.errors import NotFound
from studio.core.statuses import RunStatus

#: The classes by the names that are stored. Released names are never changed.
STORED_CHANGES: dict[str, type[Any]] = {
    "cancel": CancelChange,
    "flag": FlagChange,
    "lock": LockChange,
    "mark": MarkChange,
    "move": MoveChange,
    "name": NameChange,
    "purge": PurgeChange,
    "retention": RetentionChange,
    "star": StarChange,
    "tags": TagChange,
}
_NAMES = {kind: name for name, kind in STORED_CHANGES.items()}


def store_change(change: BulkChange) -> dict[str, Any]:
    """Return the change as JSON."""
    kind: type[Any] = type(change)
    assert is_dataclass(kind)
    values = {
        each.name: value
        for each in fields(kind)
        if not isinstance(value := getattr(change, each.name), (Actor, User))
    }
    return {"kind": _NAMES[kind], **{n: _plain(value) for n, value in values.items()}}


def load_change(
    stored: dict[str, Any], actor: Actor, *, now: int, is_owner: bool = False
) -> BulkChange:
    """Return the change that `store_change` stored, as `actor` makes it now.

    `is_owner` is what actor is now. The time of the request would lie before what
    happened to the runs while the task was waiting.
    """
    kind = STORED_CHANGES[stored["kind"]]
    given = {name: value for name, value in stored.items() if name != "kind"}
    if "pattern" in given:
        pattern = dict(given["pattern"])
        pattern["parts"] = tuple((text, name) for text, name in pattern["parts"])
        given["pattern"] = NamePattern(**pattern)
    names = {each.name for each in fields(kind)}
    if "actor" in names:
        given["actor"] = actor
    if "now" in names:
        given["now"] = now
    if "user" in names:
        given["user"] = actor.user
    if "is_owner" in names:
        given["is_owner"] = is_owner
    if "status" in given:
        given["status"] = RunStatus(given["status"])
    if kind is RetentionChange:
        given["what"] = RetentionKind(given["what"])
    if "target" in given:
        given["target"] = _find_target(given["target"])
    change: BulkChange = kind(**given)
    return change


def _find_target(key: int) -> Experiment:
    found = Experiment.objects.filter(pk=key).first()
    if found is None:
        raise NotFound(_("This experiment no longer exists."))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Experiment):
        return value.pk
    if isinstance(value, NamePattern):
        return asdict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return dict(value) if hasattr(value, "items") else value
