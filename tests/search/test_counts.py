"""The status strip and completion count what the filter matches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Key, Metric, Run
from runs.search.filters import completion
from runs.search.filters.facets import FacetReader
from runs.search.query import status_counts
from runs.search.query.status_counts import MAX_EXACT_COUNT, count_statuses
from runs.search.sql import TEXT_TABLES
from runs.search.values import KeyCounter, key_counts
from studio.core.filters import tree
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library, empty_library

pytestmark = pytest.mark.django_db


def strip(library: Library, q: str = "", **spec: str) -> dict[str, int]:
    asked = ViewSpec.from_query({"q": q, "children": "1", **spec})
    found = count_statuses(asked, library.ada, library.workspace, now=NOON)
    return {status.value: n for status, n in found.counts.items()}


def test_statuses_are_counted_for_the_filter(library: Library) -> None:
    assert strip(library, "experiment:digits") == {
        "Completed": 1,
        "Failed": 2,
        "Canceled": 1,
        "Queued": 1,
    }


def test_status_counts_ignore_the_status_filter(library: Library) -> None:
    assert strip(library, "status:failed resnet") == {"Completed": 1, "Failed": 1}


def test_beyond_the_limit_only_the_newest_runs_are_counted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_counts, "MAX_EXACT_COUNT", 2)
    found = count_statuses(
        ViewSpec(children=True, q="id != zz"), library.ada, library.workspace, now=NOON
    )
    assert (sum(found.counts.values()), found.exact) == (2, False)


def bulk_run(library: Library, n: int) -> Run:
    return Run(
        workspace=library.workspace,
        experiment=library.digits,
        run_id=f"x{n}",
        number=n + 1,
        name="birch",
        status=(RunStatus.COMPLETED if n % 4 else RunStatus.FAILED).code,
        submitter=library.ada,
        created=NOON,
        updated=NOON,
        heard=NOON,
    )


# Each insert updates the kept counts. PostgreSQL keeps every version of that row until
# the transaction of the test ends, and checks its constraints against all of them.
@pytest.mark.skipif(
    connection.vendor == "postgresql", reason="One transaction of 10,000 inserts"
)
def test_a_count_is_exact_up_to_the_limit_and_not_beyond(shelf: Library) -> None:
    def count() -> tuple[int, int, bool]:
        spec = ViewSpec(q="id != zz")
        found = count_statuses(spec, shelf.ada, shelf.workspace, now=NOON)
        return found.total, found.counts[RunStatus.FAILED], found.exact

    Run.objects.bulk_create(bulk_run(shelf, n) for n in range(MAX_EXACT_COUNT))
    assert count() == (10_000, 2_500, True)
    bulk_run(shelf, MAX_EXACT_COUNT).save()
    total, _failed, is_exact = count()
    assert (total, is_exact) == (10_000, False)


def keys(library: Library, kind: str, part: str, q: str = "") -> list[tuple[str, int]]:
    spec = ViewSpec(q=q, children=True)
    reader = FacetReader(spec, library.ada, library.workspace, now=NOON)
    found = completion.find_keys(reader, kind, part, 20)
    return [(each.field.key, each.runs) for each in found]


def test_keys_are_suggested_with_their_counts(library: Library) -> None:
    assert keys(library, "tags", "MO") == [("model", 3)]
    assert keys(library, "metrics", "acc", "id:a") == [
        ("acc", 1),
        ("acc.max", 1),
        ("val/acc", 1),
    ]
    assert keys(library, "params", "", "status:failed") == [("lr", 2)]


KEYED_KINDS = (tree.METRICS, tree.TAGS, tree.PARAMS, tree.PROPERTIES)
CHOICES_OF_RUNS: dict[str, Callable[[Sequence[int]], Sequence[int]]] = {
    "all": lambda runs: runs,
    "all but two": lambda runs: [runs[0], *runs[2:4], *runs[5:]],
    "newest": lambda runs: runs[-3:],
    "a few, far apart": lambda runs: [runs[0], runs[-1]],
    "one": lambda runs: runs[2:3],
}


def counted_one_by_one(kind: str, runs: Sequence[int]) -> dict[int, int]:
    table = Metric if kind == tree.METRICS else TEXT_TABLES[kind]
    rows = table.objects.filter(run__in=runs)
    return dict(Counter(rows.values_list("key", flat=True)))


@pytest.mark.parametrize("choice", CHOICES_OF_RUNS)
def test_counts_are_those_of_each_run(
    library: Library, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    monkeypatch.setattr(key_counts, "MIN_RANGE_RUNS", 1)
    runs = Run.objects.in_workspace(library.workspace).order_by("pk")
    chosen = CHOICES_OF_RUNS[choice](list(runs.values_list("pk", flat=True)))
    counter = KeyCounter(chosen)
    for kind in KEYED_KINDS:
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
