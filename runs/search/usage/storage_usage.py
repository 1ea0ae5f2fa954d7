"""What a workspace stores: the newest report with names, all days, a forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.models import (
    Experiment,
    Run,
    StorageReport,
    StorageSettings,
    User,
    Workspace,
)
from runs.search.usage.stored_kinds import StoredKind

#: The days that are shown, and those to compare a size with.
SHOWN_DAYS, COMPARED_DAYS = 365, 30
#: A forecast from fewer days would say nothing.
MIN_FORECAST_DAYS = 3
#: A longer forecast is not worth a warning.
MAX_FORECAST_DAYS = 365
DAY_MS = 86_400_000

Sizes = Mapping[StoredKind, int]


@dataclass(frozen=True)
class UsageRow:
    """What belongs to one experiment, run or member: bytes by kind.

    `name` is empty for one that no longer exists. `before` is the size of 30 days ago,
    None if it is not known.
    """

    name: str
    sizes: Sizes
    before: int | None
    experiment: Experiment | None = None
    run: Run | None = None
    user: User | None = None

    @property
    def total(self) -> int:
        return sum(self.sizes.values())

    @property
    def increase(self) -> float | None:
        """The change in 30 days as a share of the size before; None if unknown."""
        return (self.total - self.before) / self.before if self.before else None


@dataclass(frozen=True)
class StorageUsage:
    """All sizes are bytes. `counted` is None before the first count."""

    counted: int | None
    sizes: Sizes
    quota: int | None
    #: Whether a newer count was asked for.
    is_counting: bool
    #: Pairs of a day (in ms) and the sizes then, oldest first.
    by_day: Sequence[tuple[int, Sizes]]
    #: Days until the quota is used up at the present rate; None if it is not.
    days_left: int | None

    @property
    def used(self) -> int:
        return sum(self.sizes.values())

    @property
    def share(self) -> float:
        """How much of the quota is used; 0 without a quota."""
        return self.used / self.quota if self.quota else 0.0


def read_usage(workspace: Workspace) -> StorageUsage:
    """Return what the workspace stores. Two queries, however much that is."""
    found = list(
        StorageReport.objects.filter(workspace=workspace)
        .order_by("-day")
        .values_list("day", "counted", "by_kind")[: SHOWN_DAYS + 1]
    )
    settings = StorageSettings.objects.filter(workspace=workspace).first()
    quota = settings.quota if settings else None
    requested = settings.requested if settings else 0
    days = [(day * DAY_MS, _sizes(kinds)) for day, _at, kinds in reversed(found)]
    counted = found[0][1] if found else None
    return StorageUsage(
        counted,
        days[-1][1] if days else {},
        quota,
        counted is None or requested > counted,
        days,
        _days_left(days, quota),
    )


def _sizes(kinds: Mapping[str, int]) -> dict[StoredKind, int]:
    # In the order of the kinds, in which they are drawn.
    return {kind: kinds[kind.value] for kind in StoredKind if kinds.get(kind.value)}


def _days_left(days: Sequence[tuple[int, Sizes]], quota: int | None) -> int | None:
    if quota is None or not days:
        return None
    last, sizes = days[-1]
    used = sum(sizes.values())
    since = [each for each in days if each[0] >= last - COMPARED_DAYS * DAY_MS]
    spent = (last - since[0][0]) // DAY_MS
    grown = used - sum(since[0][1].values())
    if spent < MIN_FORECAST_DAYS or grown <= 0 or used >= quota:
        return None
    left = round((quota - used) * spent / grown)
    return left if left <= MAX_FORECAST_DAYS else None


def usage_by_experiment(workspace: Workspace) -> list[UsageRow]:
    """Return the largest experiments, the largest first."""

    def row(key: int, sizes: Sizes, before: int | None, rows: Any) -> UsageRow:
        found = rows.get(key)
        name = found.name if found else ""
        return UsageRow(name, sizes, before, experiment=found)

    return _rows(workspace, "by_experiment", Experiment.objects.in_bulk, row)


def usage_by_run(workspace: Workspace) -> list[UsageRow]:
    """Return the runs with the largest files, the largest first."""

    def row(key: int, sizes: Sizes, before: int | None, rows: Any) -> UsageRow:
        found = rows.get(key)
        return UsageRow(found.name if found else "", sizes, before, run=found)

    return _rows(workspace, "by_run", Run.objects.not_deleted().in_bulk, row)


def usage_by_member(workspace: Workspace) -> list[UsageRow]:
    """Return whose runs store most, the most first."""

    def row(key: int, sizes: Sizes, before: int | None, rows: Any) -> UsageRow:
        found = rows.get(key)
        return UsageRow(str(found) if found else "", sizes, before, user=found)

    return _rows(workspace, "by_member", User.objects.in_bulk, row)


def _rows(
    workspace: Workspace,
    column: str,
    read: Callable[[list[int]], Mapping[int, Any]],
    row: Callable[[int, Sizes, int | None, Mapping[int, Any]], UsageRow],
) -> list[UsageRow]:
    reports = StorageReport.objects.filter(workspace=workspace)
    newest = reports.order_by("-day").values_list("day", column).first()
    if newest is None:
        return []
    day, pairs = newest
    earlier = (
        reports.filter(day__lte=day - COMPARED_DAYS, day__gt=day - 35)
        .order_by("-day")
        .values_list(column, flat=True)
        .first()
    )
    before = {key: sum(kinds.values()) for key, kinds in earlier or []}
    named = read([key for key, _kinds in pairs])
    return [
        row(key, _sizes(kinds), before.get(key), named)
        for key, kinds in pairs
        if any(kinds.values())
    ]
