"""Which metrics are better higher or lower, and the best values of a page."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from runs.models import MetricGoal
from runs.search.run_list.run_page import RunRow
from studio.core.filters import tree
from studio.core.filters.tree import Field

#: How many points there are is no result.
RANKED_AGGREGATES = ("last", "first", "min", "max")


def find_goals(
    experiments: Iterable[int], fields: Iterable[Field]
) -> dict[Field, bool]:
    """Whether higher is better, for fields whose goal the experiments agree about.

    An experiment that has no goal for a metric has no objection.
    """
    asked = [
        f for f in fields if f.kind == tree.METRICS and f.aggregate in RANKED_AGGREGATES
    ]
    if not asked:
        return {}
    rows = MetricGoal.objects.filter(
        experiment__in=set(experiments),
        key__name__in={field.key for field in asked},
    )
    found: dict[str, set[bool]] = defaultdict(set)
    for key, higher in rows.values_list("key__name", "higher"):
        found[key].add(higher)
    return {f: found[f.key] == {True} for f in asked if len(found[f.key]) == 1}


def best_values(
    rows: Sequence[RunRow], goals: Mapping[Field, bool]
) -> dict[Field, float | int]:
    """The best value of each ranked field among the rows, where they differ at all."""
    found: dict[Field, float | int] = {}
    for field, higher in goals.items():
        values = [v for v in (row.values.get(field) for row in rows) if _is_finite(v)]
        if len(set(values)) > 1:
            found[field] = max(values) if higher else min(values)  # type: ignore
    return found


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)
