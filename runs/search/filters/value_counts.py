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
from runs.search.sql.exists_conditions import TABLES
from runs.search.sql.expressions import InKeys, Plain
from runs.search.sql.limits import time_limit
from runs.search.values.value_arrays import READ, SHARE, ManyRuns

#: A text's beginning, and the digest of a long one's whole.
Read = tuple[str, str]
#: By key and text how many of the runs have it, and the number that it is.
Counted = dict[int, dict[Read, tuple[int, float | None]]]


def key_counts(kind: str, runs: ManyRuns) -> dict[int, int]:
    """How many of the runs have each key."""
    rows = _of(kind, runs).values_list("key_id")
    with time_limit():
        return dict(rows.annotate(n=Count("pk")))


def value_counts(
    kind: str, runs: ManyRuns, keys: Sequence[int] | None = None
) -> Counted:
    """Of each key how many of the runs have each value."""
    rows = _of(kind, runs)
    if keys is not None:
        rows = rows.filter(key__in=keys)
    begins = Beginning(F("value"))
    with time_limit():
        counted = list(rows.values_list("key_id", begins).annotate(n=Count("pk")))
    found: Counted = {}
    long = set()
    for key, value, n in counted:
        if value is not None and len(value) >= BEGINNING:
            long.add(key)
        else:
            _add(found, key, (value or "", ""), n)
    for key, head, digest, n in _long(rows, sorted(long)):
        _add(found, key, (head, digest), n)
    return found


def _long(rows: Any, keys: Sequence[int]) -> list[tuple[int, str, str, int]]:
    if not keys:
        return []
    length = Length(Beginning(F("value")))
    whole = rows.filter(GreaterThanOrEqual(length, BEGINNING), key__in=keys)
    with time_limit():
        return list(whole.values_list("key_id", *READ).annotate(n=Count("pk")))


def _add(found: Counted, key: int, text: Read, n: int) -> None:
    # A word without a value and an empty value are alike.
    values = found.setdefault(key, {})
    before = values[text][0] if text in values else 0
    values[text] = (before + n, None if text[1] else parse_number(text[0]))


def _of(kind: str, runs: ManyRuns) -> Any:
    """What the runs have, read in the order of the keys where they are many."""
    table: Any = TABLES[kind].objects
    few = len(runs) * SHARE < Run.objects.in_workspace(runs.scope.workspace).count()
    run = F("run_id") if few else Plain(F("run_id"))
    return table.filter(Q(InKeys(run, runs.ids.tolist()))).order_by()
