"""Keys: the interned names of tags, parameters, properties and metrics."""

from __future__ import annotations

from collections.abc import Iterable

from runs.models import Key, KeyKind
from runs.storage.prepared import Prepared, PreparedInsert

_keys = Prepared(
    lambda workspace, kind, names: Key.objects.filter(
        workspace_id=workspace, kind=kind, name__in=names
    )
)
_insert_keys = PreparedInsert(Key, unique=["workspace", "kind", "name"])


def intern_keys(
    workspace_id: int, kind: KeyKind, names: Iterable[str]
) -> dict[str, Key]:
    """Return the keys of `names`; create missing ones."""
    wanted = sorted(set(names))
    keys = _find_keys(workspace_id, kind, wanted)
    missing = [name for name in wanted if name not in keys]
    if missing:
        # In the same order everywhere, so two transactions cannot deadlock.
        _insert_keys(
            [Key(workspace_id=workspace_id, kind=kind, name=name) for name in missing]
        )
        # Read again: another transaction may have created some, and the insert sets no
        # primary keys.
        keys |= _find_keys(workspace_id, kind, missing)
    return keys


def _find_keys(workspace_id: int, kind: KeyKind, names: list[str]) -> dict[str, Key]:
    return {key.name: key for key in _keys.all(workspace_id, kind.value, names)}
