"""Which tags some runs have: on how many of them, with which values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from runs.models import KeyKind, Run, RunTag
from runs.models.grams import SYSTEM_TAG_PREFIX
from studio.core.batches import batches

#: Runs that one statement names, and tags that are returned.
RUNS_PER_STATEMENT, MAX_TAGS = 500, 100


@dataclass(frozen=True)
class TagUse:
    """A tag of some runs: its values with the number of runs, most frequent first."""

    key: str
    counts: tuple[tuple[str | None, int], ...]

    @property
    def count(self) -> int:
        """How many runs have the tag."""
        return sum(n for _value, n in self.counts)

    @property
    def values(self) -> tuple[str | None, ...]:
        return tuple(value for value, _n in self.counts)

    def count_of(self, value: str | None) -> int:
        """Return how many runs have it with this value."""
        return dict(self.counts).get(value, 0)

    @property
    def is_same(self) -> bool:
        """Whether it has the same value on all runs that have it."""
        return len(self.counts) == 1


def count_tags(runs: Sequence[int]) -> list[TagUse]:
    """Return the most frequent tags of these runs.

    Tags that MLflow's clients write for themselves are left out.
    """
    counts: dict[str, Counter[str | None]] = {}
    for some in batches(sorted(runs), RUNS_PER_STATEMENT):
        rows = RunTag.objects.filter(run__in=some, key__kind=KeyKind.TAG)
        own = rows.exclude(key__name__startswith=SYSTEM_TAG_PREFIX)
        counted = own.values_list("key__name", "value").annotate(n=Count("pk"))
        for key, value, n in counted.order_by():
            counts.setdefault(key, Counter())[value] += n
    found = [TagUse(key, tuple(values.most_common())) for key, values in counts.items()]
    return sorted(found, key=lambda use: (-use.count, use.key))[:MAX_TAGS]


def keys_of_unlocked(runs: Sequence[int]) -> list[int]:
    """Return the runs that are not locked, in the same order."""
    locked: set[int] = set()
    for some in batches(sorted(runs), RUNS_PER_STATEMENT):
        rows = Run.objects.filter(pk__in=some, locked=True)
        locked.update(rows.values_list("pk", flat=True))
    return [key for key in runs if key not in locked]
