"""How many change sets match, and how many of each member, kind and way.

They are exact for as many change sets as one scan reads, and of the newest beyond it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db.models import Count, F

from runs.models import ApiToken, Change, ChangeSet, User, Workspace
from runs.search.activity.bounded_scans import (
    newer_than,
    plan_scan,
    read_position,
    write_position,
)
from runs.search.activity.matching_sets import (
    UNDO_ACTIONS,
    UNDO_KIND,
    ActivityQuery,
)
from runs.search.sql import QUERY_SECONDS, Unindexed, time_limit
from studio.core.errors import InvalidValue

#: Of how many changes the runs are counted: it takes 50 ms.
MAX_COUNTED_CHANGES = 20_000


@dataclass(frozen=True)
class ActivityCounts:
    """Each facet is counted without its own choice, as ticking more would show it."""

    total: int
    is_exact: bool
    #: The number of newest sets that the facets count; 0 for all.
    scanned: int
    members: Mapping[User, int]
    kinds: Mapping[str, int]
    ways: Mapping[str, int]


def count_activity(query: ActivityQuery) -> ActivityCounts:
    """Raises QueryTimeout."""
    with time_limit(QUERY_SECONDS):
        scan = plan_scan(query, has_choices=False)
        groups = Counter[_Group]()
        for part in scan.parts:
            # SQLite would rather read all sets in groups than the newest.
            rows = part.annotate(member=Unindexed(F("actor_id")))
            rows = rows.order_by().values_list("member", "kind", "way", "action")
            for row in rows.annotate(number=Count("pk")):
                groups[_Group(*row[:-1])] += row[-1]
        by_key = User.objects.in_bulk({each.actor for each in groups if each.actor})
        facets = _FacetCounts(query, {key: by_key[key].username for key in by_key})
        for group, number in groups.items():
            facets.add(group, number)
        total, is_exact = facets.matching, scan.end is None
        if not is_exact and query.has_choices:
            # The choices can lead further back than the facets are counted.
            matching = plan_scan(query)
            total = sum(part.order_by().count() for part in matching.parts)
            is_exact = matching.end is None
    return ActivityCounts(
        total,
        is_exact,
        0 if scan.end is None else scan.limit,
        {by_key[key]: n for key, n in facets.members.most_common() if key in by_key},
        facets.kinds,
        facets.ways,
    )


def count_changed_runs(query: ActivityQuery) -> int | None:
    """How many runs the matching sets changed, with undos, which change runs too.

    None where that would take long to count. Raises QueryTimeout.
    """
    with_undos = replace(query, wanted=replace(query.wanted, has_undos=True))
    with time_limit(QUERY_SECONDS):
        scan = plan_scan(with_undos)
        if scan.end is not None:
            return None
        found, left = set[int](), MAX_COUNTED_CHANGES
        for part in scan.parts:
            sets = part.order_by().values("pk")
            changes = Change.objects.filter(change_set__in=sets, run__isnull=False)
            runs = list(changes.values_list("run_id", flat=True)[: left + 1])
            left -= len(runs)
            if left < 0:
                return None
            found.update(runs)
    return len(found)


class _Group(NamedTuple):
    """Change sets that are the same for all facets."""

    actor: int | None
    kind: str
    way: str
    action: str


class _FacetCounts:
    def __init__(self, query: ActivityQuery, names: Mapping[int, str]) -> None:
        self.query, self.names = query, names
        self.members = Counter[int]()
        self.kinds = Counter[str]()
        self.ways = Counter[str]()
        self.matching = 0

    def add(self, group: _Group, number: int) -> None:
        wanted = self.query.wanted
        is_undo = group.action in UNDO_ACTIONS
        name = self.names.get(group.actor or 0)
        by_member = not wanted.members or name in wanted.members
        by_kind = (
            not wanted.kinds
            or group.kind in wanted.kinds
            or (is_undo and UNDO_KIND in wanted.kinds)
        )
        by_way = not wanted.ways or group.way in wanted.ways
        if is_undo and by_member and by_way:
            self.kinds[UNDO_KIND] += number
        if is_undo and group.way != "" and not self.query.shows_undos:
            return
        self.matching += number * (by_member and by_kind and by_way)
        if by_kind and by_way and group.actor is not None:
            self.members[group.actor] += number
        if by_member and by_way:
            self.kinds[group.kind] += number
        if by_member and by_kind:
            self.ways[group.way] += number


def count_newer(query: ActivityQuery, cursor: str, limit: int) -> int:
    """How many sets are newer than the cursor, at most `limit`; 0 for a wrong one."""
    try:
        position = read_position(cursor)
    except InvalidValue:
        return 0
    if position is None:
        return 0
    with time_limit(QUERY_SECONDS):
        parts = plan_scan(query).parts
        found = 0
        for part in parts:
            found += newer_than(part, position)[:limit].count()
    return min(found, limit)


def newest_position(workspace: Workspace) -> str:
    """The cursor of the newest change set, visible or not."""
    rows = ChangeSet.objects.filter(workspace=workspace).order_by("-time", "-pk")
    found = rows.values_list("time", "pk").first()
    return write_position(found or (0, 0))


def first_change_of_token(workspace: Workspace, token: ApiToken) -> int | None:
    """When the token first changed anything in the workspace, in ms."""
    rows = ChangeSet.objects.filter(workspace=workspace, token=token)
    return rows.order_by("time").values_list("time", flat=True).first()
