"""Runs grouped for a chart: by the values of fields, or by all parameters but some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.search.charts.drawn_runs import ChartRun
from runs.search.groups import assign_groups
from runs.search.values import ValueCodes, all_texts, encode_values
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.view_charts import Chart

GroupKey = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class ChartGroup:
    """Runs with the same values; `values` identifies the group.

    A value of None stands for none. Groups are numbered in the order of their first
    runs, and the number is their color.
    """

    number: int
    values: GroupKey
    runs: tuple[ChartRun, ...]


def chart_groups(runs: Sequence[ChartRun], chart: Chart) -> list[ChartGroup]:
    columns = (
        _param_columns(runs, chart.groups)
        if chart.all_but
        else _field_columns(runs, chart.groups)
    )
    found = assign_groups([codes for _name, codes in columns], len(runs))
    # Parameters with one value everywhere would only lengthen the names of groups.
    shown = found.varying_columns if chart.all_but else range(len(columns))
    groups = []
    for number, group in enumerate(found.groups_by_first_run, start=1):
        values = found.values_of(group)
        named = tuple((columns[at][0], values[at]) for at in shown)
        members = tuple(runs[at] for at in found.runs_of(group))
        groups.append(ChartGroup(number, named, members))
    return groups


def group_of_all(runs: Sequence[ChartRun]) -> ChartGroup:
    return ChartGroup(1, (), tuple(runs))


def _field_columns(
    runs: Sequence[ChartRun], fields: Sequence[Field]
) -> list[tuple[str, ValueCodes]]:
    return [
        (field.key, encode_values([_group_text(run.values.get(field)) for run in runs]))
        for field in fields
    ]


def _group_text(value: object) -> str | None:
    return None if value is None else str(value)


def _param_columns(
    runs: Sequence[ChartRun], left_out: Sequence[Field]
) -> list[tuple[str, ValueCodes]]:
    """Every parameter that the runs have, by name."""
    found: dict[str, dict[int, str | None]] = {}
    for run, name, value in all_texts(tree.PARAMS, [run.run.pk for run in runs]):
        found.setdefault(name, {})[run] = value
    hidden = {field.key for field in left_out}
    return [
        (name, encode_values([found[name].get(run.run.pk) for run in runs]))
        for name in sorted(found)
        if name not in hidden
    ]
