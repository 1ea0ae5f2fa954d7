"""How many of some runs have each tag, parameter and property, and each value of it.

Counted from the index that has the values' beginnings; only of texts that are longer
than these the whole is read, and told apart by a digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from runs.models import Run, parse_number
from runs.models.functions import BEGINNING, Beginning
from runs.search.sql import TEXT_TABLES, InKeys, Unindexed, time_limit
from runs.search.values.value_arrays import MAX_ROWS_PER_RUN, TEXT_HEAD, RunArrays

#: A text's beginning, and the digest of a long one's whole.
TextHead = tuple[str, str]
#: By key and text how many of the runs have it, and the number that it is.
CountsByKey = dict[int, dict[TextHead, tuple[int, float | None]]]


def count_text_keys(kind: str, runs: RunArrays) -> dict[int, int]:
    """How many of the runs have each key."""
    rows = _text_rows_of(kind, runs).values_list("key_id")
    with time_limit():
        return dict(rows.annotate(n=Count("pk")))


def count_text_values(
    kind: str, runs: RunArrays, keys: Sequence[int] | None = None
) -> CountsByKey:
    """Of each key how many of the runs have each value."""
    rows = _text_rows_of(kind, runs)
    if keys is not None:
        rows = rows.filter(key__in=keys)
    begins = Beginning(F("value"))
    with time_limit():
        counted = list(rows.values_list("key_id", begins).annotate(n=Count("pk")))
    found: CountsByKey = {}
    long = set()
    for key, value, n in counted:
        if value is not None and len(value) >= BEGINNING:
            long.add(key)
        else:
            _add_count(found, key, (value or "", ""), n)
    for key, head, digest, n in _count_long_texts(rows, sorted(long)):
        _add_count(found, key, (head, digest), n)
    return found


def _count_long_texts(
    rows: Any, keys: Sequence[int]
) -> list[tuple[int, str, str, int]]:
    if not keys:
        return []
    length = Length(Beginning(F("value")))
    whole = rows.filter(GreaterThanOrEqual(length, BEGINNING), key__in=keys)
    with time_limit():
        return list(whole.values_list("key_id", *TEXT_HEAD).annotate(n=Count("pk")))


def _add_count(found: CountsByKey, key: int, text: TextHead, n: int) -> None:
    # A tag without a value and an empty value count as the same.
    values = found.setdefault(key, {})
    before = values[text][0] if text in values else 0
    values[text] = (before + n, None if text[1] else parse_number(text[0]))


def _text_rows_of(kind: str, runs: RunArrays) -> Any:
    """What the runs have, read in the order of the keys where they are many."""
    table: Any = TEXT_TABLES[kind].objects
    few = (
        len(runs) * MAX_ROWS_PER_RUN
        < Run.objects.in_workspace(runs.scope.workspace).count()
    )
    run = F("run_id") if few else Unindexed(F("run_id"))
    return table.filter(Q(InKeys(run, runs.ids.tolist()))).order_by()
