"""Which change sets are undone, and by which: the undo is the newer one."""

from __future__ import annotations

from collections.abc import Sequence

from runs.models import ChangeSet
from studio.core.batches import batches

#: Keys that one statement names.
KEYS_PER_STATEMENT = 500


def mark_undone(keys: Sequence[int], by: ChangeSet) -> None:
    """Mark change sets as undone by `by`.

    What an undone undo had undone is in effect again, and so on down the chain.
    """
    sets = ChangeSet.objects.all()
    for some in batches(keys, KEYS_PER_STATEMENT):
        sets.filter(pk__in=some).update(undone_by=by, is_undone=True)
    level, is_undone = list(keys), False
    while level:
        below: list[int] = []
        for some in batches(level, KEYS_PER_STATEMENT):
            rows = sets.filter(undone_by__in=some)
            below += rows.values_list("pk", flat=True)
            rows.update(is_undone=is_undone)
        level, is_undone = below, not is_undone
