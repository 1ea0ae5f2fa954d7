"""What completion and the filter editors offer: fields with the runs that have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from runs.models import Key
from runs.search.filters.facets import FacetReader, SampledKey
from runs.search.sql import KEY_KINDS, TEXT_TABLES, InKeys, time_limit
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.names import natural_order

#: Among more runs the values of a key are not counted.
MAX_COUNTED_RUNS = 2_000
#: In the order in which they are offered.
KINDS_IN_ORDER = (tree.TAGS, tree.PARAMS, tree.METRICS, tree.PROPERTIES)


@dataclass(frozen=True)
class KeyCount:
    """A field, how many runs have it, with how many values; 0 is not counted."""

    field: Field
    runs: int
    values: int


def find_keys(reader: FacetReader, kind: str, part: str, limit: int) -> list[KeyCount]:
    """The commonest keys of the kind that hold `part`: it itself, what begins so."""
    lowered = part.lower()
    found = sorted(
        reader.sampled_keys(kind, part),
        key=lambda share: (
            not share.is_named(part),
            not share.field.key.lower().startswith(lowered),
            -share.runs,
            natural_order(share.field.key),
        ),
    )
    return count_keys_of_all_runs(reader, kind, found[:limit])


def list_keys(reader: FacetReader, kind: str, part: str, limit: int) -> list[KeyCount]:
    """The same for a long list, which counts nothing (0) among many runs."""
    if len(reader.matching_runs().ids) <= MAX_COUNTED_RUNS:
        return find_keys(reader, kind, part, limit)
    shares = sorted(
        reader.sampled_keys(kind, part),
        key=lambda one: (
            not one.is_named(part),
            -one.runs,
            natural_order(one.field.key),
        ),
    )
    return [KeyCount(share.field, 0, 0) for share in shares[:limit]]


def count_keys_of_all_runs(
    reader: FacetReader, kind: str, shares: Sequence[SampledKey]
) -> list[KeyCount]:
    """The keys as counted over all runs of the list, without those of no run."""
    fields = {share.field.key: share.field for share in shares}
    found = _key_counts(reader, kind, list(fields)) if fields else {}
    return [
        KeyCount(field, *found[name]) for name, field in fields.items() if name in found
    ]


def _key_counts(
    reader: FacetReader, kind: str, names: Sequence[str]
) -> Mapping[str, tuple[int, int]]:
    known = Key.objects.filter(
        workspace=reader.workspace, kind=KEY_KINDS[kind], name__in=names
    )
    by_key = dict(known.values_list("pk", "name"))
    with time_limit():
        if kind == tree.METRICS or len(reader.matching_runs().ids) > MAX_COUNTED_RUNS:
            found = reader.key_counter.count(kind, list(by_key))
            return {by_key[key]: (runs, 0) for key, runs in found.items()}
        rows = TEXT_TABLES[kind].objects.filter(key__in=list(by_key)).order_by()
        rows = rows.filter(Q(InKeys("run_id", reader.matching_runs().ids)))
        counts = list(
            rows.values_list("key").annotate(
                n=Count("run"), v=Count("value", distinct=True)
            )
        )
    return {by_key[key]: (runs, values) for key, runs, values in counts}
