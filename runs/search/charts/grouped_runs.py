"""Runs grouped for a chart: by the values of fields, or by all parameters but some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.search.charts.drawn_runs import ChartRun
from runs.search.values import all_texts
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.view_charts import Chart

GroupKey = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class ChartGroup:
    """Runs whose values are alike; `values` tells the group from the others.

    A value of None stands for none. Groups are numbered in the order of their first
    runs, and the number is their color.
    """

    number: int
    values: GroupKey
    runs: tuple[ChartRun, ...]


def chart_groups(runs: Sequence[ChartRun], chart: Chart) -> list[ChartGroup]:
    keys = (
        _keys_by_params(runs, chart.groups)
        if chart.all_but
        else _keys_by_fields(runs, chart.groups)
    )
    members: dict[GroupKey, list[ChartRun]] = {}
    for run in runs:
        members.setdefault(keys[run.run.pk], []).append(run)
    telling = _differing_names(list(members)) if chart.all_but else None
    return [
        ChartGroup(number, _without_constants(key, telling), tuple(held))
        for number, (key, held) in enumerate(members.items(), start=1)
    ]


def _keys_by_fields(
    runs: Sequence[ChartRun], fields: Sequence[Field]
) -> dict[int, GroupKey]:
    return {
        run.run.pk: tuple((field.key, _text(run.values.get(field))) for field in fields)
        for run in runs
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _keys_by_params(
    runs: Sequence[ChartRun], fields: Sequence[Field]
) -> dict[int, GroupKey]:
    left_out = {field.key for field in fields}
    found: dict[int, dict[str, str | None]] = {run.run.pk: {} for run in runs}
    for run, name, value in all_texts(tree.PARAMS, list(found)):
        if name not in left_out:
            found[run][name] = value
    return {
        pk: tuple((name, values[name]) for name in sorted(values))
        for pk, values in found.items()
    }


def _differing_names(keys: Sequence[GroupKey]) -> list[str]:
    """The names of the parameters that are not the same in all groups."""
    groups = [dict(key) for key in keys]
    names = sorted({name for group in groups for name in group})
    return [name for name in names if len({group.get(name) for group in groups}) > 1]


def _without_constants(key: GroupKey, telling: Sequence[str] | None) -> GroupKey:
    if telling is None:
        return key
    held = dict(key)
    return tuple((name, held.get(name)) for name in telling)
