"""The dry run of a retention rule: exactly what would go now, and what would stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runs.actions.bulk import MAX_BULK_RUNS
from runs.models import RetentionKind, User, Workspace
from runs.search.retention import (
    Stay,
    matching_runs,
    sizes_of_runs,
    starred_matches,
    stays_expression,
    without_runs_of_kept_children,
)


@dataclass(frozen=True)
class RetentionPlan:
    """`runs` are the keys of runs that go, or lose files; the largest come first.

    `sizes` has the files and the bytes of each that has any. `stays` counts the runs
    that the filter finds and that stay, by reason; `starred` those that it spares.
    """

    runs: Sequence[int]
    sizes: Mapping[int, tuple[int, int]]
    stays: Mapping[Stay, int]

    @property
    def files(self) -> int:
        return sum(count for count, _size in self.sizes.values())

    @property
    def bytes(self) -> int:
        return sum(size for _count, size in self.sizes.values())


def plan_retention(
    q: str,
    what: RetentionKind,
    *,
    author: User | None,
    workspace: Workspace,
    now: int,
) -> RetentionPlan:
    """Return what a rule would do now; it changes nothing. Raises InvalidFilter.

    At most `MAX_BULK_RUNS` runs that match are looked at, the oldest first.
    """
    matching = matching_runs(q, author, workspace, now)
    rows = list(
        matching.annotate(stays=stays_expression())
        .order_by("pk")
        .values_list("pk", "stays")[:MAX_BULK_RUNS]
    )
    stays = Counter(Stay(reason) for _key, reason in rows if reason)
    going = {key for key, reason in rows if not reason}
    if what == RetentionKind.RUNS:
        left = without_runs_of_kept_children(going)
        stays[Stay.KEPT_CHILD] = len(going) - len(left)
        going = left
    sizes = sizes_of_runs(sorted(going), what)
    if what != RetentionKind.RUNS:
        going = set(sizes)
    stays[Stay.STARRED] = starred_matches(q, author, workspace, now)
    runs = sorted(going, key=lambda key: (-sizes.get(key, (0, 0))[1], key))
    return RetentionPlan(runs, sizes, {stay: n for stay, n in stays.items() if n})
