"""Keys are counted in the range of the runs as they are run by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Key, Metric, Run
from runs.search.sql import TEXT_TABLES
from runs.search.values import KeyCounter, key_counts
from studio.core.filters import tree
from tests.search.library import Library, empty_library

pytestmark = pytest.mark.django_db
KINDS = (tree.METRICS, tree.TAGS, tree.PARAMS, tree.PROPERTIES)
CHOICES: dict[str, Callable[[Sequence[int]], Sequence[int]]] = {
    "all": lambda runs: runs,
    "all but two": lambda runs: [runs[0], *runs[2:4], *runs[5:]],
    "newest": lambda runs: runs[-3:],
    "a few, far apart": lambda runs: [runs[0], runs[-1]],
    "one": lambda runs: runs[2:3],
}


def counted_one_by_one(kind: str, runs: Sequence[int]) -> dict[int, int]:
    table = Metric if kind == tree.METRICS else TEXT_TABLES[kind]
    rows = table.objects.filter(run__in=runs)  # type: ignore[attr-defined]
    return dict(Counter(rows.values_list("key", flat=True)))


@pytest.mark.parametrize("choice", CHOICES)
def test_counts_are_those_of_each_run(
    library: Library, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    monkeypatch.setattr(key_counts, "MIN_RANGE_RUNS", 1)
    runs = Run.objects.in_workspace(library.workspace).order_by("pk")
    chosen = CHOICES[choice](list(runs.values_list("pk", flat=True)))
    counter = KeyCounter(chosen)
    for kind in KINDS:
        expected = counted_one_by_one(kind, chosen)
        assert counter.count(kind) == expected
        some = list(Key.objects.values_list("pk", flat=True))[::2]
        assert counter.count(kind, some) == {
            key: count for key, count in expected.items() if key in some
        }


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL looks up each run"
)
def test_neighbors_are_counted_by_their_range(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_counts, "MIN_RANGE_RUNS", 1)
    runs = Run.objects.in_workspace(library.workspace).order_by("pk")
    counter = KeyCounter([run.pk for run in (runs[0], *runs[2:])])
    with CaptureQueriesContext(connection) as captured:
        counter.count(tree.TAGS)
        counter.count(tree.METRICS)
    # The other run is looked up once.
    assert len(captured) == 5
    assert sum("BETWEEN" in each["sql"] for each in captured) == 1


def test_keys_of_other_workspaces_are_not_counted(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_counts, "MIN_RANGE_RUNS", 1)
    own = [shelf.make("a", tags={"x": "1"}).pk]
    empty_library("elsewhere", "eve", "finn").make("secret", tags={"x": "1", "y": "1"})
    own += [shelf.make(name, tags={"x": "1"}).pk for name in "bcd"]
    found = KeyCounter(own).count(tree.TAGS)
    assert {Key.objects.get(pk=key).workspace for key in found} == {shelf.workspace}
    assert list(found.values()) == [4]
