"""Find, lock and create the heads of a run's metrics, to which points are added."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runs.actions.run_rows import intern_keys
from runs.models import KeyKind, Metric, MetricKind, Run
from runs.storage.prepared import Prepared, PreparedInsert

_locked_heads = Prepared(
    lambda run, keys: (
        Metric.objects.filter(run_id=run, key__kind=KeyKind.METRIC, key__name__in=keys)
        .select_related("key")
        # Only the heads: all runs of a workspace share the rows of keys.
        .select_for_update(of=("self",))
        .order_by("pk")
    )
)
_insert_heads = PreparedInsert(Metric, unique=["run", "key"])


def ensure_heads(
    run: Run, keys: Collection[str], kinds: Mapping[str, str] | None = None
) -> dict[str, Metric]:
    """Return the locked heads of those metrics; create missing ones, of the given
    kinds.
    """
    heads = lock_heads(run, keys)
    missing = [key for key in keys if key not in heads]
    if missing:
        of_kind = kinds or {}
        interned = intern_keys(run.workspace_id, KeyKind.METRIC, missing)
        _insert_heads(
            [
                Metric(run=run, key=key, kind=of_kind.get(name, MetricKind.SERIES))
                for name, key in sorted(interned.items())
            ]
        )
        # The insert sets no primary keys, so the new rows are read.
        heads |= lock_heads(run, missing)
    return heads


def lock_heads(run: Run, keys: Collection[str]) -> dict[str, Metric]:
    return {head.key.name: head for head in _locked_heads.all(run.pk, list(keys))}
