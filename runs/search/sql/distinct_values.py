"""The different values that a key has, where they are few: by jumps in its index.

Each costs one look-up, whatever the number of runs that have it.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.lookups import GreaterThan

from runs.models.functions import BEGINNING, Beginning, IsLong, IsShort
from runs.models.grams import lower_case

#: What counts as few values: for a pattern, and for a range of numbers.
MAX_TEXTS, MAX_NUMBERS = 300, 16
PATTERN_OPERATORS = ("like", "ilike", "contains")


def distinct_numbers(rows: Any) -> list[float] | None:
    """The different numbers of one key's rows; None if there are many."""
    return _distinct_rows(rows, F("number"), MAX_NUMBERS)


def distinct_matching_values(rows: Any, op: str, pattern: str) -> list[str] | None:
    """The values of one key's rows that fit the pattern; None if there are many.

    The rows of some others may be left out only if every value is known in full.
    """
    found = _distinct_beginnings(rows)
    if found is None or any(len(value) >= BEGINNING for value in found):
        return None
    fits = _pattern_matcher(op, pattern)
    return [value for value in found if fits(value)]


def _distinct_beginnings(rows: Any) -> list[str] | None:
    if connection.vendor != "postgresql":
        return _distinct_rows(rows, Beginning(F("value")), MAX_TEXTS)
    # Long values are in an index of their own.
    if rows.filter(IsLong(F("value"))).exists():
        return None
    return _distinct_rows(rows.filter(IsShort(F("value"))), F("value"), MAX_TEXTS)


def _distinct_rows(rows: Any, value: Any, limit: int) -> list[Any] | None:
    rows = rows.order_by().annotate(one=value)
    first = rows.order_by("one").filter(one__isnull=False).values("one")[:1]
    following = Q(GreaterThan(F("one"), RawSQL("found.one", ())))
    then = rows.filter(following).order_by("one").values("one")[:1]
    (start, given), (step, more) = (
        each.query.sql_with_params() for each in (first, then)
    )
    with connection.cursor() as cursor:
        # One value too many shows that there are more.
        cursor.execute(
            f"WITH RECURSIVE found(one, n) AS (SELECT ({start}), 0 UNION ALL "
            f"SELECT ({step}), n + 1 FROM found WHERE one IS NOT NULL AND n < {limit}) "
            "SELECT one FROM found WHERE one IS NOT NULL",
            [*given, *more],
        )
        found = [one for (one,) in cursor.fetchall()]
    return found if len(found) <= limit else None


def _pattern_matcher(op: str, pattern: str) -> Any:
    """As `expressions.Contains` and `Like` say it in SQL."""
    if op == "contains":
        part = lower_case(pattern) or ""
        return lambda value: part in (lower_case(value) or "")
    any_case = op == "ilike"
    wanted = (lower_case(pattern) or "") if any_case else pattern
    parts = {"%": ".*", "_": "."}
    # In SQL, `%` also matches line breaks.
    shape = re.compile(
        "".join(parts.get(char) or re.escape(char) for char in wanted), re.DOTALL
    )
    return lambda value: shape.fullmatch(
        (lower_case(value) or "") if any_case else value
    )
