"""Counting by intersected keys gives what looking at each run gives."""

from __future__ import annotations

import numpy as np
import pytest

from runs.models import Run
from runs.search.query import intersect_count, query_plan, status_counts
from runs.search.query.query_plan import ScanUnion
from runs.search.query.status_counts import count_statuses
from runs.search.sql.access_paths import IndexScan
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db

FILTERS = [
    "tags.group = even",
    "tags.group = even params.lr < 0.5",
    "params.lr < 0.5 metrics.acc > 3",
    "metrics.acc > 3",
    "odd params.lr < 0.5",
    "odd tags.group = even",
    "tags.group = even name != other",
    "tags.group in (even, odd) params.lr = '0.1'",
    # The one side ends long before the other.
    "(tag:old or tags.group = even) name != other",
    "(tag:old or tags.group = even) metrics.acc > 0",
    "metrics.acc is null",
    "metrics.acc is null tags.group = even",
    "metrics.acc is null name != other",
    "tags.group is null",
    "tags.group != even",
    "name contains run tags.group = even",
    "run odd",
    "run-1 or metrics.acc > 3",
    "tags.group contains v params.lr < 0.5",
    # The one word is in texts, the other is the name of the experiment.
    "digits odd",
    "digits params.lr < 0.5",
]


@pytest.fixture
def row(shelf: Library) -> Library:
    """Thirty runs; every third is a child of the one before it."""
    for n in range(30):
        group = "even" if n % 2 == 0 else "odd"
        shelf.make(
            f"run-{n}",
            {"acc": [n % 7]} if n % 7 else {},
            tags={"group": group, **({"old": None} if n < 5 else {})},
            params={"lr": f"0.{n % 5 + 1}"},
            parent_run_id=f"run-{n - 1}" if n % 3 == 2 else "",
        )
    return shelf


def count_in_scope(
    library: Library, q: str, *, children: bool = False
) -> tuple[int, dict[str, int], bool]:
    found = count_statuses(
        ViewSpec(q=q, children=children), library.ada, library.workspace, now=NOON
    )
    counts = {status.value: n for status, n in found.counts.items()}
    return found.total, counts, found.exact


def test_keys_come_newest_first_and_once() -> None:
    keys = np.array([3, 9, 3, 7, 9, 1], dtype=np.int64)
    assert intersect_count._sort_descending(keys).tolist() == [9, 7, 3, 1]


def test_a_window_ends_with_the_first_exhausted_scan(row: Library) -> None:
    keys = list(Run.objects.order_by("pk").values_list("pk", flat=True))
    scans = [
        IndexScan(Run.objects.filter(pk__in=some), "pk")
        for some in (keys[::2], keys[:5])
    ]
    newest, end = intersect_count._newest_keys(ScanUnion(tuple(scans)), 2, 2**62)
    # The older side's would be missing those between.
    assert newest.tolist() == [keys[28], keys[26]]
    assert end == keys[26]


@pytest.mark.parametrize("exact", [3, 100])
@pytest.mark.parametrize("window", [1, 4, 1_000])
def test_counting_by_windows_equals_counting_by_scan(
    row: Library, monkeypatch: pytest.MonkeyPatch, window: int, exact: int
) -> None:
    monkeypatch.setattr(query_plan, "MAX_CANDIDATES", -1)
    monkeypatch.setattr(status_counts, "MAX_EXACT_COUNT", exact)
    asked = [(q, children) for q in FILTERS for children in (False, True)]
    with monkeypatch.context() as patch:
        for name in ("count_intersection", "count_lacking"):
            patch.setattr(status_counts, name, lambda *_: None)
        walked = [count_in_scope(row, q, children=children) for q, children in asked]
    monkeypatch.setattr(intersect_count, "WINDOW_ROWS", window)
    monkeypatch.setattr(intersect_count, "CHUNK_RUNS", 2)
    assert [
        count_in_scope(row, q, children=children) for q, children in asked
    ] == walked


@pytest.mark.parametrize("ratio", [0, 1_000])
def test_a_large_set_can_be_checked_run_by_run(
    row: Library, monkeypatch: pytest.MonkeyPatch, ratio: int
) -> None:
    monkeypatch.setattr(query_plan, "MAX_CANDIDATES", -1)
    monkeypatch.setattr(intersect_count, "MAX_KEYS_PER_LOOKUP", ratio)
    monkeypatch.setattr(intersect_count, "MAX_MATCHING_SHARE", 2)
    for q in FILTERS:
        assert count_in_scope(row, q, children=True)[0] == len(row.find(q)), q


def test_matches_before_many_children_stay_on_the_page(
    row: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_plan, "MAX_CANDIDATES", 20)
    monkeypatch.setattr(intersect_count, "SAMPLE_ROWS", 8)
    for n in range(15):
        row.make(f"fold-{n}", tags={"role": "fold"})
        row.make(f"new-{n}", tags={"kind": "new"})
    tags = {"role": "fold", "kind": "new"}
    for n in range(19):
        row.make(f"both-{n}", tags=tags, parent_run_id="run-0")
    row.make("last", tags=tags)
    assert row.find("tags.role = fold tags.kind = new", children="") == ["last"]


def test_keys_that_only_children_have_are_not_keys_of_roots(
    row: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_plan, "MAX_CANDIDATES", 0)
    monkeypatch.setattr(intersect_count, "SAMPLE_ROWS", 1)
    row.make("root")
    for n in range(5):
        row.make(f"fold-{n}", tags={"role": "fold"}, parent_run_id="root")
    assert row.find("tags.role = fold", children="") == []
    assert len(row.find("tags.role = fold")) == 5
