"""When groups of failed runs were seen, in whose runs, and the newest run of each.

A cause of failures is seen when a run with it ends; without an end, when it arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Q
from django.db.models.functions import Right

from runs.models import Run, User
from runs.search.groups.grouping import Grouping, ListGroup
from runs.search.sql import InKeys

#: What is read of the end of an error, and how much of it is shown.
MAX_TAIL_CHARS, MAX_TAIL_LINES = 2_000, 3


@dataclass(frozen=True)
class Sightings:
    """`first` and `last` are in ms; `run` is the newest, `error` the end of its error.

    `submitters` are in the order of their number of runs.
    """

    first: int
    last: int
    run: Run | None
    error: str
    submitters: tuple[User, ...]


def find_sightings(
    grouping: Grouping, groups: Sequence[ListGroup], viewer: User
) -> dict[int, Sightings]:
    """By group number. Two queries: for the newest runs and for the submitters."""
    if not grouping.is_by_cause:
        return {}
    runs = grouping.runs
    places = {each.number: grouping.places_of(each) for each in groups}
    times = _times_seen(runs.columns)
    newest = {
        number: int(runs.ids[each[np.argmax(times[each])]])
        for number, each in places.items()
    }
    known = _runs_with_error_ends(list(newest.values()), viewer)
    people = _submitters(runs.columns["submitter_id"], places)
    users = User.objects.in_bulk({key for keys in people.values() for key in keys})
    found = {}
    for number, each in places.items():
        run = known.get(newest[number])
        found[number] = Sightings(
            int(times[each].min()),
            int(times[each].max()),
            run,
            last_lines(run.error_end) if run is not None else "",
            tuple(users[key] for key in people[number] if key in users),
        )
    return found


def _runs_with_error_ends(keys: Sequence[int], viewer: User) -> dict[int, Any]:
    runs = Run.objects.visible_to(viewer).filter(Q(InKeys("id", keys)))
    rows = runs.only("run_id", "name")
    return {
        run.pk: run for run in rows.annotate(error_end=Right("error", MAX_TAIL_CHARS))
    }


def last_lines(text: str) -> str:
    """The last lines that are not empty."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-MAX_TAIL_LINES:])


def _times_seen(columns: Mapping[str, Sequence[int | None]]) -> np.ndarray:
    pairs = zip(columns["ended"], columns["created"], strict=True)
    return np.array(
        [created if ended is None else ended for ended, created in pairs],
        dtype=np.int64,
    )


def _submitters(
    keys: Sequence[int | None], places: Mapping[int, np.ndarray]
) -> dict[int, list[int]]:
    """By group the submitters, those with most runs first."""
    column = np.array([key or 0 for key in keys], dtype=np.int64)
    found = {}
    for number, each in places.items():
        people, counts = np.unique(column[each], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        found[number] = [int(people[n]) for n in order if people[n]]
    return found
