"""Runs grouped for a chart: by the values of fields, or by all parameters but some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.search.charts.drawn_runs import DrawnRun
from runs.search.values.value_reader import all_texts
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.viewcharts import Chart

Key = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class RunGroup:
    """Runs whose values are alike; `values` tells the group from the others.

    A value of None stands for none. Groups are numbered in the order of their first
    runs, and the number is their colour.
    """

    number: int
    values: Key
    runs: tuple[DrawnRun, ...]


def group_runs(runs: Sequence[DrawnRun], chart: Chart) -> list[RunGroup]:
    keys = _all_but(runs, chart.groups) if chart.all_but else _by(runs, chart.groups)
    members: dict[Key, list[DrawnRun]] = {}
    for run in runs:
        members.setdefault(keys[run.run.pk], []).append(run)
    telling = _telling(list(members)) if chart.all_but else None
    return [
        RunGroup(number, _told(key, telling), tuple(held))
        for number, (key, held) in enumerate(members.items(), start=1)
    ]


def _by(runs: Sequence[DrawnRun], fields: Sequence[Field]) -> dict[int, Key]:
    return {
        run.run.pk: tuple((field.key, _text(run.values.get(field))) for field in fields)
        for run in runs
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _all_but(runs: Sequence[DrawnRun], fields: Sequence[Field]) -> dict[int, Key]:
    left_out = {field.key for field in fields}
    found: dict[int, dict[str, str | None]] = {run.run.pk: {} for run in runs}
    for run, name, value in all_texts(tree.PARAMS, list(found)):
        if name not in left_out:
            found[run][name] = value
    return {
        pk: tuple((name, values[name]) for name in sorted(values))
        for pk, values in found.items()
    }


def _telling(keys: Sequence[Key]) -> list[str]:
    """The names of the parameters that are not the same in all groups."""
    groups = [dict(key) for key in keys]
    names = sorted({name for group in groups for name in group})
    return [name for name in names if len({group.get(name) for group in groups}) > 1]


def _told(key: Key, telling: Sequence[str] | None) -> Key:
    if telling is None:
        return key
    held = dict(key)
    return tuple((name, held.get(name)) for name in telling)
