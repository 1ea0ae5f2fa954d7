"""Which change sets a page or a count reads: the newest ones, a limited number.

Indexes hold the sets of the workspace, a member, a kind, a token and an experiment by
time. All other conditions are checked set by set. So a scan ends after a number of
sets, and the next one goes on behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from runs.models import ChangeSet
from runs.search.activity.matching_sets import ActivityQuery, Facet
from studio.core.errors import InvalidValue

#: Sets of one scan: of each part, and where the changed runs of each set are looked at.
MAX_SCANNED, MAX_COMPARED = 10_000, 5_000

#: A time in ms and the key of a change set.
Position = tuple[int, int]


@dataclass(frozen=True)
class ActivityScan:
    """The sets to read, in parts that have none in common, and where the scan ends.

    `end` is the last set that was looked at, or None if no older one can match.
    """

    parts: Sequence[Any]
    end: Position | None
    limit: int


def plan_scan(
    query: ActivityQuery, after: Position | None = None, *, has_choices: bool = True
) -> ActivityScan:
    """Choose the facet that reaches back furthest.

    Without `has_choices`, what the facets next to the feed chose is left out.
    """
    limit = MAX_COMPARED if query.looks_at_runs else MAX_SCANNED
    base = _behind(query.sets_of_time(), after)
    facets = [each for each in query.facets if has_choices or not each.is_choice]
    ends = [
        (_end_of(base, each, limit), each) for each in facets or [query.everything()]
    ]
    end, lead = min(ends, key=lambda found: found[0] or _BEGINNING)
    others = [each.condition for each in facets if each is not lead]
    others += [lead.check, *query.other_conditions()]
    if has_choices:
        others.append(query.other_choices())
    rows = base.filter(*others)
    if end is not None:
        rows = rows.filter(_from(end), time__gte=end[0])
    return ActivityScan([rows.filter(part) for part in lead.parts], end, limit)


def read_position(text: str) -> Position | None:
    """Read the cursor of a page. Raises InvalidValue."""
    if not text:
        return None
    time, dot, key = text.partition(".")
    numbers = [n for n in (time, key) if n.isdecimal() and n.isascii() and len(n) < 18]
    if not dot or len(numbers) < 2:
        raise InvalidValue(
            _("This cursor is from another list. Start without it."), field="after"
        )
    return int(time), int(key)


def write_position(position: Position) -> str:
    return f"{position[0]}.{position[1]}"


def position_of(change_set: ChangeSet) -> Position:
    return change_set.time, change_set.pk


def newer_than(sets: Any, position: Position) -> Any:
    time, key = position
    return sets.filter(Q(time__gt=time) | Q(time=time, pk__gt=key), time__gte=time)


_BEGINNING: Position = (-1, -1)


def _end_of(base: Any, facet: Facet, limit: int) -> Position | None:
    """Where the scan of the facet ends: its parts end at the same time."""
    ends = []
    for part in facet.parts:
        rows = base.filter(part).order_by("-time", "-pk").values_list("time", "pk")
        # The row behind it says whether there are more.
        last = list(rows[limit - 1 : limit + 1])
        ends += last[:1] if len(last) > 1 else []
    return max(ends, default=None)


def _behind(sets: Any, after: Position | None) -> Any:
    if after is None:
        return sets
    older = Q(time__lt=after[0]) | Q(time=after[0], pk__lt=after[1])
    # The second condition bounds the range of the index.
    return sets.filter(older, time__lte=after[0])


def _from(end: Position) -> Q:
    return Q(time__gt=end[0]) | Q(time=end[0], pk__gte=end[1])
