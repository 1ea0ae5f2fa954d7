"""What differs: the measure by its definition, and the counts by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.search.compare.feature_ranking import FeatureRanking, cramers_v, rank_features
from runs.search.query.selection import find_visible_selection
from runs.search.values import value_arrays as many_runs
from studio.core.filters import field_text
from studio.core.view_spec import ViewSpec
from tests.search.library import Library

pytestmark = pytest.mark.django_db


def ask(shelf: Library, query: str) -> FeatureRanking | None:
    spec = ViewSpec.from_query(query)
    selected = find_visible_selection(spec, shelf.ada, shelf.workspace)
    return rank_features(spec, selected, shelf.ada, shelf.workspace)


def found(shelf: Library, query: str) -> dict[str, Any]:
    answer = ask(shelf, query)
    assert answer is not None
    return {field_text(each.field): each for each in answer.found}


def test_the_importance_is_bias_corrected_cramers_v() -> None:
    # Certain, whichever way the counts lie.
    assert cramers_v([10, 0], [0, 30]) == pytest.approx(1)
    # Independent: the same shares on both sides.
    assert cramers_v([10, 20], [30, 60]) == 0
    # Each run has a value of its own: that says nothing.
    own = cramers_v([1] * 5 + [0] * 20, [0] * 5 + [1] * 20)
    assert own == pytest.approx(0, abs=1e-9)
    # By hand: chi² = 40 * 0.25, phi² - 1/39 over min(...) - 1 = 1 - 1/39.
    expected = ((0.25 - 1 / 39) / (1 - 1 / 39)) ** 0.5
    assert cramers_v([15, 5], [5, 15]) == pytest.approx(expected)
    assert cramers_v([], []) == cramers_v([5], [6]) == cramers_v([1, 1], [0, 0]) == 0


def sweep(shelf: Library) -> str:
    """Twenty runs. The first eight are selected and have lr 0.1."""
    for n in range(20):
        is_mine = n < 8
        shelf.make(
            f"r{n}",
            params={
                "lr": "0.1" if is_mine else "0.2",
                "seed": str(n),
                "half": str(n % 2),
                **({"only": "x"} if is_mine else {}),
            },
            tags={"width": str(n * n), "team": "nlp"},
            target="gpu" if n < 6 else "cpu",
        )
    return "selected=" + ",".join(f"r{n}" for n in range(8))


def test_fields_are_ranked_by_importance(shelf: Library) -> None:
    by_name = found(shelf, sweep(shelf))
    names = list(by_name)
    assert names[:2] == ["params.lr", "params.only"]
    assert by_name["params.lr"].score == pytest.approx(1)
    assert 0 < by_name["target"].score < 1
    assert not {"params.half", "tags.team", "experiment", "submitter"} & {*names}
    sides = [(s.value, s.selected, s.rest) for s in by_name["params.only"].sides]
    assert sorted(sides, key=str) == [("x", 8, 0), (None, 0, 12)] or sorted(
        sides, key=str
    ) == [(None, 0, 12), ("x", 8, 0)]
    assert [(s.value, s.selected, s.rest) for s in by_name["target"].sides] == [
        ("gpu", 6, 0),
        ("cpu", 2, 12),
    ]


def test_many_numbers_are_binned(shelf: Library) -> None:
    width = found(shelf, sweep(shelf))["tags.width"]
    assert all(side.is_range for side in width.sides)
    assert sum(side.selected for side in width.sides) == 8
    assert sum(side.rest for side in width.sides) == 12
    ordered = sorted(width.sides, key=lambda side: side.low)
    assert [(side.low, side.high) for side in ordered][:2] == [(0, 1), (4, 9)]
    assert width.score > 0.7


def test_the_selection_is_compared_with_matching_runs_only(shelf: Library) -> None:
    selected = sweep(shelf)
    answer = ask(shelf, f"q=params.half+%3D+'1'&{selected}")
    assert answer is not None
    # Those that are selected count, whether or not they match.
    assert (answer.selected, answer.rest) == (8, 6)
    alone = ask(shelf, f"{selected}&only=1")
    assert alone is not None
    assert (alone.selected, alone.rest) == (8, 12)


def test_too_many_runs_are_not_ranked(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    selected = sweep(shelf)
    monkeypatch.setattr(many_runs, "MAX_ARRAY_RUNS", 19)
    assert ask(shelf, selected) is None


def test_the_number_of_queries_does_not_depend_on_runs_and_keys(shelf: Library) -> None:
    selected = sweep(shelf)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(shelf, selected)
        return len(captured)

    few = cost()
    for n in range(20):
        shelf.make(f"more{n}", params={f"key{n}": "1"}, tags={f"tag{n}": "1"})
    assert cost() == few


def test_equal_numbers_count_as_one_value(shelf: Library) -> None:
    for n in range(12):
        wide = ("8", "8.0") if n < 6 else ("16", "16.0")
        params = {"decay": "0" if n % 2 else "0.0", "width": wide[n % 2]}
        shelf.make(f"r{n}", params=params)
    ranked = found(shelf, "selected=" + ",".join(f"r{n}" for n in range(6)))
    assert "params.decay" not in ranked
    eight = ranked["params.width"].sides
    assert {(s.low, s.high, s.selected, s.rest) for s in eight} == {
        (8, 8, 6, 0),
        (16, 16, 0, 6),
    }
