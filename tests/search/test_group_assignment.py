"""Lists and charts put runs into the same groups."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from runs.search.charts import ChartGroup, chart_groups, find_first_runs
from runs.search.groups import assign_groups, list_groups
from runs.search.values import encode_values
from studio.core.view_charts import read_chart
from studio.core.view_spec import ViewSpec
from tests.search.library import Library


def test_groups_hold_the_runs_with_the_same_values() -> None:
    chance = random.Random(5)
    rows = [
        tuple(chance.choice([None, "", "a", "1", "1.0"]) for _ in range(3))
        for _ in range(200)
    ]
    columns = [encode_values(column) for column in zip(*rows, strict=True)]
    found = assign_groups(columns, len(rows))
    by_values: dict[tuple[str | None, ...], list[int]] = {}
    for at, row in enumerate(rows):
        by_values.setdefault(row, []).append(at)
    groups = [(found.values_of(n), found.runs_of(n)) for n in found.groups_by_first_run]
    assert groups == list(by_values.items())
    assert len({found.key_of(n) for n in found.groups_by_first_run}) == len(by_values)


@pytest.mark.parametrize(("size", "groups"), [(0, []), (2, [((), [0, 1])])])
def test_without_columns_all_runs_are_one_group(
    size: int, groups: Sequence[object]
) -> None:
    found = assign_groups([], size)
    assert [
        (found.values_of(n), found.runs_of(n)) for n in found.groups_by_first_run
    ] == groups
    assert found.varying_columns == []


def test_a_column_varies_if_a_group_lacks_its_value() -> None:
    columns = [encode_values(each) for each in (["x", "x"], ["a", None], ["b", "c"])]
    assert assign_groups(columns, 2).varying_columns == [1, 2]


def names_of(groups: Sequence[ChartGroup]) -> list[set[str]]:
    return [{run.run.run_id for run in group.runs} for group in groups]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["params.lr", "params.lr,params.seed", "-params.seed"])
def test_a_chart_has_the_groups_of_the_list(shelf: Library, text: str) -> None:
    for n in range(12):
        params = {"seed": str(n % 2), "model": "x"}
        if n % 3:
            params["lr"] = str(n % 3)
        shelf.make(f"r{n}", params=params)
    spec = ViewSpec.from_query(f"group={text}")
    listed = list_groups(spec, shelf.ada, shelf.workspace, [])
    assert listed is not None
    listed_ids = [
        {
            f"r{key - listed.runs.ids[0]}"
            for key in listed.best_or_newest_runs(group, 100, None)
        }
        for group in listed.groups_between(0, 100)
    ]
    options = "".join(f"!group={each}" for each in text.split(","))
    chart = read_chart(f"bar!metrics.acc{options}")
    runs = find_first_runs(spec, chart.groups, 100, shelf.ada, shelf.workspace).runs
    drawn = chart_groups(runs, chart)
    assert [group.number for group in drawn] == list(range(1, len(drawn) + 1))
    assert sorted(map(sorted, names_of(drawn))) == sorted(map(sorted, listed_ids))
    if text.startswith("-"):
        assert {group.values for group in drawn} == {
            (("lr", None),),
            (("lr", "1"),),
            (("lr", "2"),),
        }
