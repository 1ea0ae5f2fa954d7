"""Groups of runs: exact sums, whatever stands in a metric."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.run.metric_goals import set_metric_goal
from runs.search.groups.grouping import Grouping, list_groups
from runs.search.values import value_arrays as many_runs
from studio.core.errors import InvalidValue
from studio.core.filters.tree import Field, attribute
from studio.core.view_spec import ViewSpec
from studio.core.view_text import read_field
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db
ACC = Field("metrics", "acc", "last")


def groups(shelf: Library, query: str, *numbers: str) -> Grouping:
    fields = [read_field(each, "columns") for each in numbers or ("metrics.acc",)]
    spec = ViewSpec.from_query(query)
    found = list_groups(spec, shelf.ada, shelf.workspace, fields)
    assert found is not None
    return found


def sizes(grouping: Grouping) -> dict[Any, int]:
    return {group.values: group.count for group in grouping.groups_between(0, 100)}


def test_means_deviations_and_extremes_are_exact(shelf: Library) -> None:
    # Far from zero, where sums of squares would have lost the deviation.
    values = {"a": [1e9, 1e9 + 1, 1e9 + 3], "b": [0.1, 0.2]}
    for name, accs in values.items():
        for n, acc in enumerate(accs):
            metrics = {"acc": [0.0, acc]}
            shelf.make(f"{name}{n}", metrics=metrics, params={"model": name})
    grouping = groups(shelf, "group=params.model")
    for group in grouping.groups_between(0, 10):
        [model] = group.values
        assert model is not None
        expected = values[model]
        stats = grouping.stats(group, ACC)
        assert stats.count == group.count == len(expected)
        assert stats.mean == pytest.approx(statistics.mean(expected), rel=1e-15)
        assert stats.std == pytest.approx(statistics.stdev(expected), rel=1e-9)
        assert (stats.min, stats.max) == (min(expected), max(expected))


@pytest.mark.parametrize("pair", [(1e308, 1.2e308), (1e-200, 3e-200), (5e-324, 0.0)])
def test_means_are_of_numbers_of_any_size(
    shelf: Library, pair: tuple[float, float]
) -> None:
    for n, acc in enumerate(pair):
        shelf.make(f"r{n}", metrics={"acc": [acc]}, params={"model": "x"})
        shelf.make(f"q{n}", metrics={"acc": [n]}, params={"model": "y"})
    grouping = groups(shelf, "group=params.model&by=value")
    of = {
        group.values: grouping.stats(group, ACC)
        for group in grouping.groups_between(0, 10)
    }
    exact = [Fraction(each) for each in pair]
    assert of["x",].mean == pytest.approx(float(sum(exact) / 2), rel=1e-12)
    assert of["x",].std == pytest.approx(abs(pair[1] - pair[0]) * 0.5**0.5)
    assert of["y",].mean == 0.5
    assert of["y",].std == pytest.approx(0.5**0.5)


def test_nonfinite_values_are_counted_and_left_out(shelf: Library) -> None:
    for n, acc in enumerate([0.5, math.nan, math.inf, -math.inf, "text"]):
        shelf.make(f"r{n}", metrics={"acc": [acc]}, tags={"model": "x"})
    shelf.make("without", tags={"model": "x"})
    grouping = groups(shelf, "group=tags.model")
    [group] = grouping.groups_between(0, 10)
    stats = grouping.stats(group, ACC)
    assert (group.count, stats.count, stats.nonfinite) == (6, 1, 4)
    assert stats.mean == 0.5
    assert math.isnan(stats.std)


def test_runs_without_a_value_are_one_group(shelf: Library) -> None:
    shelf.make("a", tags={"model": "x"}, params={"lr": "0.1"})
    shelf.make("b", tags={"model": None}, params={"lr": "0.1"})
    shelf.make("c", params={"lr": "0.1"})
    assert sizes(groups(shelf, "group=tags.model")) == {
        ("x",): 1,
        ("",): 1,
        (None,): 1,
    }
    assert sizes(groups(shelf, "group=params.nosuch")) == {(None,): 3}
    assert sizes(groups(shelf, "q=id:zz&group=tags.model")) == {}


def test_runs_are_grouped_by_several_fields(shelf: Library) -> None:
    for n in range(6):
        params = {"lr": str(n % 2), "wd": str(n % 3)}
        shelf.make(f"r{n}", params=params)
    shelf.make("r6", params={"lr": "0", "wd": "0"})
    found = sizes(groups(shelf, "group=params.lr,params.wd"))
    assert found[("0", "0")] == 2
    assert len(found) == 6
    by_run = sizes(groups(shelf, "group=status,experiment,submitter"))
    assert by_run == {("Running", "digits", "ann"): 7}


def test_runs_are_grouped_by_all_parameters_but_one(shelf: Library) -> None:
    for n in range(6):
        params = {"lr": str(n % 2), "model": "x", "seed": str(n)}
        shelf.make(f"r{n}", params=params)
    shelf.make("bare", params={"model": "x"})
    grouping = groups(shelf, "group=-params.seed")
    assert [field.key for field in grouping.fields] == ["lr", "model"]
    assert sizes(grouping) == {("0", "x"): 3, ("1", "x"): 3, (None, "x"): 1}
    assert [grouping.fields[n].key for n in grouping.varying_fields] == ["lr"]


def test_groups_are_sorted_by_any_statistic(shelf: Library) -> None:
    for model, accs in {"a": [1, 9], "b": [4, 4, 4], "10": [6], "9": []}.items():
        for n in range(max(len(accs), 1)):
            metrics = {"acc": accs[n : n + 1]} if accs else {}
            shelf.make(f"{model}-{n}", metrics=metrics, params={"model": model})
    grouping = groups(shelf, "group=params.model")

    def order(stat: str, field: Field | None, *, descending: bool) -> list[Any]:
        grouping.sort(stat, field, descending=descending)
        return [group.values[0] for group in grouping.groups_between(0, 10)]

    assert order("mean", ACC, descending=True) == ["10", "a", "b", "9"]
    assert order("min", ACC, descending=False) == ["a", "b", "10", "9"]
    assert order("max", ACC, descending=True) == ["a", "10", "b", "9"]
    assert order("std", ACC, descending=True)[:2] == ["a", "b"]
    assert order("count", None, descending=True)[:2] == ["b", "a"]
    assert order("value", None, descending=False) == ["9", "10", "a", "b"]


def test_the_best_run_follows_the_metric_goal(shelf: Library) -> None:
    keys = {}
    for name, acc in {"a1": 0.1, "a2": 0.9, "b1": 0.6, "b2": 0.7}.items():
        run = shelf.make(name, metrics={"acc": [acc]}, params={"model": name[0]})
        keys[name] = run.pk
    digits = [shelf.digits]
    set_metric_goal(
        shelf.workspace, digits, "acc", False, actor=Actor(shelf.ada), now=NOON
    )
    grouping = groups(shelf, "group=params.model")
    best = {
        g.values[0]: grouping.stats(g, ACC).best for g in grouping.groups_between(0, 5)
    }
    assert best == {"a": keys["a1"], "b": keys["b1"]}
    [a, _b] = sorted(grouping.groups_between(0, 5), key=lambda group: str(group.values))
    assert grouping.best_group(ACC) == a.number
    assert grouping.best_or_newest_runs(a, 5, ACC) == [keys["a1"], keys["a2"]]


def test_durations_are_summarized_too(shelf: Library) -> None:
    for n, ended in enumerate((3000, 5000)):
        shelf.make(f"r{n}", columns={"started": 1000, "ended": ended})
    grouping = groups(shelf, "group=experiment", "duration")
    [group] = grouping.groups_between(0, 5)
    assert grouping.stats(group, attribute("duration")).mean == 3000


def test_few_runs_with_a_common_key_are_looked_up_by_run(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        shelf.make(f"r{n}", metrics={"acc": [n]}, params={"even": str(n % 2)})
    whole = sizes(groups(shelf, "q=name in ('r1', 'r2', 'r3')&group=params.even"))
    monkeypatch.setattr(many_runs, "MAX_ROWS_PER_RUN", 0)
    looked_up = groups(shelf, "q=name in ('r1', 'r2', 'r3')&group=params.even")
    assert sizes(looked_up) == whole == {("1",): 2, ("0",): 1}
    [first, _second] = looked_up.groups_between(0, 2)
    assert looked_up.stats(first, ACC).mean == 2


def test_too_many_runs_are_not_grouped(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_runs, "MAX_ARRAY_RUNS", 2)
    for n in range(3):
        shelf.make(f"r{n}")
    spec = ViewSpec.from_query("group=status")
    assert list_groups(spec, shelf.ada, shelf.workspace, []) is None


@pytest.mark.parametrize("group", ["duration", "tags", "log", "-tags.model"])
def test_a_field_that_cannot_be_grouped_is_an_error(shelf: Library, group: str) -> None:
    with pytest.raises(InvalidValue, match="group"):
        groups(shelf, f"group={group}")


def test_the_number_of_queries_depends_only_on_the_fields(shelf: Library) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            groups(shelf, "group=params.lr", "metrics.acc", "metrics.loss")
        return len(captured)

    metrics = {"acc": [1.0], "loss": [2.0]}
    shelf.make("first", metrics=metrics, params={"lr": "1"})
    few = cost()
    for n in range(30):
        shelf.make(f"r{n}", metrics=metrics, params={"lr": str(n)})
    assert cost() == few <= 16


def test_strangers_see_no_groups(shelf: Library, library: Library) -> None:
    shelf.make("mine", params={"lr": "1"})
    spec = ViewSpec.from_query("group=params.lr")
    found = list_groups(spec, library.ada, shelf.workspace, [])
    assert found is not None
    assert len(found) == 0
