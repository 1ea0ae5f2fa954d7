"""How many change sets match, and how many of each member, kind and way.

Exact to a limit: beyond it, the counts are of the newest change sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from runs.models import ApiToken, ChangeSet, User, Workspace
from runs.search.activity.matching_sets import (
    UNDO_ACTIONS,
    UNDO_KIND,
    ActivityQuery,
)
from runs.search.sql import QUERY_SECONDS, time_limit

MAX_COUNTED = 10_000


@dataclass(frozen=True)
class ActivityCounts:
    """Each facet is counted without its own choice, as ticking more would show it."""

    total: int
    is_exact: bool
    #: The newest `MAX_COUNTED` sets only.
    is_cut: bool
    members: Mapping[User, int]
    kinds: Mapping[str, int]
    ways: Mapping[str, int]


def count_activity(query: ActivityQuery) -> ActivityCounts:
    """Raises QueryTimeout."""
    with time_limit(QUERY_SECONDS):
        newest = query.without_choices().order_by("-time", "-pk")
        columns = ("actor_id", "actor__username", "kind", "way", "action")
        rows = list(newest.values_list(*columns)[: MAX_COUNTED + 1])
        is_cut = len(rows) > MAX_COUNTED
        total = query.sets().order_by()[: MAX_COUNTED + 1].count() if is_cut else 0
    wanted = query.wanted
    members: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    matching = 0
    for actor, name, kind, way, action in rows[:MAX_COUNTED]:
        is_undo = action in UNDO_ACTIONS
        is_hidden = is_undo and way != ""
        by_member = not wanted.members or name in wanted.members
        by_kind = (
            not wanted.kinds
            or kind in wanted.kinds
            or (is_undo and UNDO_KIND in wanted.kinds)
        )
        by_way = not wanted.ways or way in wanted.ways
        if is_undo and by_member and by_way:
            kinds[UNDO_KIND] += 1
        if is_hidden and not query.shows_undos:
            continue
        matching += by_member and by_kind and by_way
        if by_kind and by_way and actor is not None:
            members[actor] += 1
        if by_member and by_way:
            kinds[kind] += 1
        if by_member and by_kind:
            ways[way] += 1
    users = User.objects.in_bulk(list(members))
    return ActivityCounts(
        min(total, MAX_COUNTED) if is_cut else matching,
        not is_cut or total <= MAX_COUNTED,
        is_cut,
        {users[key]: n for key, n in members.most_common() if key in users},
        kinds,
        ways,
    )


def count_newer(query: ActivityQuery, cursor: str, limit: int) -> int:
    """How many sets are newer than the cursor, at most `limit`; 0 for a wrong one."""
    time, _dot, key = cursor.partition(".")
    if not all(n.isascii() and n.isdecimal() and len(n) < 18 for n in (time, key)):
        return 0
    newer = Q(time__gt=int(time)) | Q(time=int(time), pk__gt=int(key))
    with time_limit(QUERY_SECONDS):
        found: int = query.sets().filter(newer, time__gte=int(time))[:limit].count()
    return found


def first_change_of_token(workspace: Workspace, token: ApiToken) -> int | None:
    """When the token first changed anything in the workspace, in ms."""
    rows = ChangeSet.objects.filter(workspace=workspace, token=token)
    return rows.order_by("time").values_list("time", flat=True).first()
