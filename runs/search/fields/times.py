"""Times of a run, in ms since the epoch, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Protocol

from django.db import connection
from django.db.models import BigIntegerField, Case, F, Q, When
from django.db.models import Value as SqlValue
from django.utils import timezone

from runs.models import Run
from runs.models.functions import StartOrder, recorded_duration
from runs.search.fields.field_source import (
    CellLink,
    Condition,
    FieldSource,
    GroupValues,
    OwnColumn,
    RunNumber,
    Scans,
    SortIndex,
)
from runs.search.fields.sorting import sort_by_integer, sort_by_time
from runs.search.sql import (
    Expr,
    IndexScan,
    Scope,
    duration_condition,
    false_if_null,
    integer_value,
    time_condition,
)
from studio.core.filters.fields import moment_text
from studio.core.filters.tree import Comparison, Field, Moment
from studio.core.messages import message
from studio.core.statuses import CODES, FINAL

FINAL_CODES = sorted(CODES[status] for status in FINAL)


#: The runs of the index of durations, and those whose duration grows.
HAS_DURATION = Q(started__isnull=False, ended__isnull=False)
IS_CONTINUING = Q(
    status__in=sorted(set(CODES.values()) - set(FINAL_CODES)),
    started__isnull=False,
    ended__isnull=True,
)


class HasTimes(Protocol):
    @property
    def started(self) -> int | None: ...
    @property
    def ended(self) -> int | None: ...
    @property
    def status(self) -> int: ...


def run_duration(run: HasTimes, now: int) -> int | None:
    """Milliseconds from start to end, or to now: `duration_expression` in Python."""
    return duration_of(run.started, run.ended, run.status, now)


def duration_of(
    started: int | None, ended: int | None, status: int, now: int
) -> int | None:
    if started is None:
        return None
    if ended is not None:
        return ended - started
    return None if status in FINAL_CODES else now - started


def duration_expression(now: int) -> Expr:
    """Milliseconds from start to end, or to now; NULL without a start, or an end."""
    length = {"output_field": BigIntegerField(null=True)}
    return Case(
        When(started__isnull=True, then=SqlValue(None, **length)),
        When(ended__isnull=False, then=recorded_duration()),
        When(status__in=FINAL_CODES, then=SqlValue(None, **length)),
        default=integer_value(now) - F("started"),
        **length,
    )


def _duration_condition(term: Comparison, scope: Scope) -> Q:
    if term.op == "is not null":
        # A final run without an end has no duration. That of an active run lasts until
        # now.
        ended = Q(ended__isnull=False) | ~Q(status__in=FINAL_CODES)
        return Q(started__isnull=False) & ended
    length = duration_expression(scope.now)
    return false_if_null(duration_condition(length, term.op, term.values))


def _duration_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    """Of ended runs from an index; that of the others lasts until now."""
    if term.op == "is not null":
        return []
    runs = Run.objects.in_workspace(scope.workspace)
    of_ended = duration_condition(recorded_duration(), term.op, term.values)
    return [
        IndexScan(runs.filter(HAS_DURATION & of_ended), "pk"),
        IndexScan(runs.filter(IS_CONTINUING), "pk"),
    ]


def _time_condition(column: str) -> Condition:
    def condition(term: Comparison, scope: Scope) -> Q:
        present = Q(**{f"{column}__isnull": False})
        if term.op == "is not null":
            return present
        found = time_condition(F(column), term.op, term.values, scope.now)
        return present & found

    return condition


def _time_scan(time: Expr) -> Scans:
    """An index is in the order of the time."""

    def scan(term: Comparison, scope: Scope) -> list[IndexScan]:
        if term.op == "is not null":
            return []
        found = time_condition(time, term.op, term.values, scope.now)
        runs = Run.objects.in_workspace(scope.workspace).filter(found)
        # Those of a span in the past can be far behind the newest runs, and PostgreSQL
        # expects them to be spread among all.
        is_span = term.op in ("=", "between") and connection.vendor == "postgresql"
        return [IndexScan(runs, "pk", join=found, is_compact=is_span)]

    return scan


def _read_days(
    _keys: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
    _field: Field,
    _scope: Scope,
) -> list[str | None]:
    """The day of each time on the reader's clock, with its offset."""
    zone = timezone.get_current_timezone()
    days = _LocalDays(zone)
    return [None if time is None else days.text_of(time) for (time,) in rows]


class _LocalDays:
    """Days of a time zone. Most runs are of the same day as the run before."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone, self._start, self._end, self._text = zone, 0, 0, ""

    def text_of(self, time: int) -> str:
        if not self._start <= time < self._end:
            day = local_day_of(time, self._zone)
            self._start, self._end, self._text = day.start, day.end, moment_text(day)
        return self._text


def local_day_of(time: int, zone: tzinfo) -> Moment:
    """The day of a time from midnight to midnight, 23 to 25 hours later."""
    date = datetime.fromtimestamp(time / 1000, zone).date()
    start, end = (_midnight(date + timedelta(days=days), zone) for days in (0, 1))
    return Moment(start, end, "day")


def _midnight(date: date, zone: tzinfo) -> int:
    return int(datetime.combine(date, datetime.min.time(), zone).timestamp()) * 1000


def own_time_field(name: str, **more: Any) -> FieldSource:
    """A time in the column of the field's name, NULL where there is none."""
    made: dict[str, Any] = {
        "condition": _time_condition(name),
        "sort": sort_by_time(lambda _scope: F(name)),
        "value": OwnColumn(name),
        "columns": (name,),
        "expression": F(name),
        "group_values": GroupValues(_read_days, (name,)),
    }
    return FieldSource(name, **{**made, **more})


TIMES = (
    own_time_field(
        "created",
        sort=None,
        index=SortIndex.ARRIVAL,
        scan=_time_scan(F("created")),
        comparison=90,
    ),
    own_time_field(
        "started",
        index=SortIndex.START,
        scan=_time_scan(StartOrder(F("started"))),
        comparison=100,
    ),
    own_time_field("ended", comparison=110),
    own_time_field("updated", sort=sort_by_integer(lambda _scope: F("updated"))),
    FieldSource(
        "duration",
        condition=_duration_condition,
        sort=sort_by_time(lambda scope: duration_expression(scope.now)),
        index=SortIndex.DURATION,
        scan=_duration_scan,
        value=lambda run, context, _field: run_duration(run, context.now),
        columns=("started", "ended", "status"),
        number=RunNumber(("started", "ended", "status"), duration_of),
        comparison=20,
        why_not_grouped=message(
            "Durations differ from run to run. Sort by duration, or filter by it."
        ),
        link=CellLink.NONE,
        css="number duration",
    ),
)
