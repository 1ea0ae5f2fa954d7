"""The tree's pages together are what looking at every run of a random forest finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from runs.models import Metric, Run, root_metrics
from runs.search.run_list import tree_children, tree_runs
from runs.search.run_list.run_page import find_runs
from runs.search.run_list.tree_runs import TreePage, find_tree
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library, empty_library

pytestmark = pytest.mark.django_db

SORTS = [
    *("-created", "created", "name", "-started", "params.lr", "-tags.team"),
    *("-metrics.acc", "metrics.acc", "-metrics.acc.max", "metrics.acc.min"),
    *("-metrics.unknown", "status"),
]
FILTERS = ["", "tags.team = nlp", "status:failed", "metrics.acc > 0", "id:r7", "x_1"]
EVERY = "deleted or not deleted"


@pytest.fixture(scope="module")
def forest(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Library]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield plant(empty_library("forest", "eve", "kim"), Random(4))
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def matches_of(forest: Library) -> Callable[[str], list[str]]:
    """The matching runs by filter; the forest never changes."""
    return cache(lambda q: flat(forest, q=q))


@pytest.fixture(scope="module")
def ordered_runs(forest: Library) -> Callable[[str], list[str]]:
    """All runs by sort."""
    return cache(lambda sort: flat(forest, q=EVERY, archived="1", sort=sort))


def plant(library: Library, chance: Random) -> Library:
    """Parents arrive before and after their children; some are in the trash."""
    ids = [f"r{n}" for n in range(60)]
    for n, run_id in enumerate(ids):
        above = ids[max(0, n - 9) : n] or [""]
        parent = chance.choice(above) if chance.random() < 0.6 else ""
        if chance.random() < 0.1:
            parent = f"r{n + 1}"
        numbers = [0.5, -1.0, 2.0, float("nan")]
        has_acc = chance.random() < 0.6
        columns: dict[str, Any] = {
            "status": chance.choice([RunStatus.FAILED, RunStatus.COMPLETED]).code,
            "started": NOON + chance.randrange(5) if chance.random() < 0.8 else None,
        }
        if chance.random() < 0.15:
            columns[chance.choice(["deleted", "archived"])] = NOON
        library.make(
            run_id,
            name=f"x_{chance.randrange(6)}",
            parent_run_id=parent if parent != "r60" else "",
            metrics={"acc": chance.choices(numbers, k=2)} if has_acc else {},
            params={"lr": chance.choice(["0.1", "1", "word"])},
            tags={"team": chance.choice(["nlp", "vision"])},
            columns=columns,
        )
    # They went into the trash without an action.
    root_metrics.recount(connection)
    return library


def tree_page(library: Library, **asked: str) -> TreePage:
    spec = replace(ViewSpec.from_query({"children": "1", **asked}), rows=3)
    return find_tree(spec, library.ada, library.workspace, now=NOON)


def roots_of(page: TreePage) -> list[str]:
    return [r.run.run_id for r in page.rows if r.place and not r.place.depth]


def flat(library: Library, **asked: str) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        spec = ViewSpec.from_query({"children": "1", "rows": "100", **asked})
        page = find_runs(
            spec.changed(after=after), library.ada, library.workspace, now=NOON
        )
        found += [row.run.run_id for row in page.rows]
        after = page.after
        if not after:
            return found


def expected(
    library: Library,
    matches: list[str],
    ordered_runs: Callable[[str], list[str]],
    sort: str,
) -> list[str]:
    """The tops of the matching runs, in the order that the rule says."""
    runs = {run.run_id: run for run in Run.objects.filter(workspace=library.workspace)}
    tops = {top_of(runs, run_id) for run_id in matches}
    if not sort.lstrip("-").startswith("metrics.acc"):
        return [run_id for run_id in ordered_runs(sort) if run_id in tops]
    return sorted(tops, key=lambda run_id: place(runs, run_id, sort))


def top_of(runs: dict[str, Run], run_id: str) -> str:
    run = runs[run_id]
    while run.parent_id is not None:
        run = next(each for each in runs.values() if each.pk == run.parent_id)
    return run.run_id


def place(runs: dict[str, Run], run_id: str, sort: str) -> tuple[float, ...]:
    run, down = runs[run_id], sort.startswith("-")
    aggregate = sort.rpartition(".")[2] if sort.count(".") == 2 else "last"
    own = Metric.objects.filter(run=run).first()
    value = getattr(own, aggregate) if own else None
    if own and aggregate == "last" and own.last_is_nan:
        return (1, -run.pk)
    if value is None:
        below = Metric.objects.filter(run__root=run, run__deleted__isnull=True)
        side = "max" if down else "min"
        known = [v for v in below.values_list(side, flat=True) if v is not None]
        if not known:
            return (2, -run.pk)
        value = max(known) if down else min(known)
    sign = -1 if down else 1
    assert not math.isnan(value)
    return (0, sign * value, sign * run.pk)


@pytest.mark.sample(48)
@pytest.mark.parametrize("walks", [False, True], ids=["gathered", "walked"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("q", FILTERS)
def test_all_pages_contain_all_roots_in_order(
    forest: Library,
    matches_of: Callable[[str], list[str]],
    ordered_runs: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    q: str,
    sort: str,
    walks: bool,
) -> None:
    wanted = expected(forest, matches_of(q), ordered_runs, sort)
    if walks:
        monkeypatch.setattr(tree_runs, "MAX_EXACT_COUNT", -1)
    found: list[str] = []
    pages = [tree_page(forest, q=q, sort=sort)]
    while pages[-1].after:
        pages.append(tree_page(forest, q=q, sort=sort, after=pages[-1].after))
    firsts = []
    for page in pages:
        firsts.append(len(found) + 1)
        found += roots_of(page)
    assert found == wanted
    assert [page.first for page in pages] == firsts
    if not walks:
        assert (pages[0].roots, pages[0].roots_are_exact) == (len(wanted), True)
    assert pages[0].total == len(matches_of(q))
    if len(pages) > 2:
        back = tree_page(forest, q=q, sort=sort, before=pages[2].before)
        assert roots_of(back) == wanted[3:6]


@pytest.mark.parametrize("q", FILTERS)
def test_open_rows_have_the_children_that_match_or_lead_to_a_match_or_all(
    forest: Library, q: str
) -> None:
    runs = {run.run_id: run for run in Run.objects.filter(workspace=forest.workspace)}
    keys = {run.pk: run.run_id for run in runs.values()}
    matches = set(flat(forest, q=q))
    leads = set(matches)
    for run_id in matches:
        run = runs[run_id]
        while run.parent_id is not None:
            run = runs[keys[run.parent_id]]
            leads.add(run.run_id)
    # Below a row without one of them, all children are shown, at any depth.
    below: dict[str, list[str]] = {}
    for run in runs.values():
        if run.parent_id is not None:
            below.setdefault(keys[run.parent_id], []).append(run.run_id)
    opened = list(leads)
    for run_id in opened:
        children = below.get(run_id, [])
        if leads.isdisjoint(children):
            opened += children
    page = tree_page(forest, q=q, tree=",".join(f"{each}:60" for each in runs))
    shown = [row.run.run_id for row in page.rows]
    roots = roots_of(page)
    assert set(shown) == {each for each in opened if top_of(runs, each) in roots}
    for at, row in enumerate(page.rows):
        assert row.place is not None
        assert row.place.matches == (row.run.run_id in matches)
        if row.place.depth:
            above = [
                r for r in page.rows[:at] if r.place and r.place.depth < row.place.depth
            ]
            assert row.run.parent_id == above[-1].run.pk


def test_a_row_shows_its_first_children_and_says_how_many_there_are(
    shelf: Library,
) -> None:
    shelf.make("sweep")
    for n in range(14):
        shelf.make(f"c{n:02d}", parent_run_id="sweep", metrics={"acc": [n]})
    shelf.make("deep", parent_run_id="c13")
    closed = tree_page(shelf)
    assert [row.run.run_id for row in closed.rows] == ["sweep"]
    assert (closed.total, closed.roots) == (16, 1)
    page = tree_page(shelf, tree="sweep,c13", sort="-metrics.acc")
    ids = [row.run.run_id for row in page.rows]
    assert ids == ["sweep", "c13", "deep", *(f"c{n:02d}" for n in range(12, 3, -1))]
    [*others, last] = [row.place for row in page.rows]
    assert last is not None
    [more] = last.after
    assert (more.run_id, more.depth, more.shown, more.total) == ("sweep", 1, 10, 14)
    assert not any(place and place.after for place in others)
    every = tree_page(shelf, tree="sweep:60")
    assert len(every.rows) == 15
    assert not any(row.place and row.place.after for row in every.rows)
    # Not below a closed row.
    assert len(tree_page(shelf, tree="c13").rows) == 1


def test_parents_of_matches_open_only_if_the_page_has_few(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        shelf.make(f"s{n}")
        shelf.make(f"s{n}a", parent_run_id=f"s{n}", tags={"team": "nlp"})
    few = tree_page(shelf, q="tags.team = nlp")
    assert [row.run.run_id for row in few.rows] == [
        "s2",
        "s2a",
        "s1",
        "s1a",
        "s0",
        "s0a",
    ]
    monkeypatch.setattr(tree_children, "MAX_OPEN_PATHS", 2)
    # One that is closed by hand opens no others.
    for tree in ("", "s0:0"):
        many = tree_page(shelf, q="tags.team = nlp", tree=tree)
        assert [row.run.run_id for row in many.rows] == ["s2", "s1", "s0"]


def test_matching_rows_do_not_open_automatically(shelf: Library) -> None:
    shelf.make("sweep", tags={"team": "nlp"})
    shelf.make("child", parent_run_id="sweep", tags={"team": "nlp"})
    page = tree_page(shelf, q="tags.team = nlp")
    assert [row.run.run_id for row in page.rows] == ["sweep"]


def test_a_root_without_a_value_gets_the_best_child_value(shelf: Library) -> None:
    shelf.make("sweep")
    for n, value in enumerate([0.5, 0.9, 0.1]):
        shelf.make(f"c{n}", parent_run_id="sweep", metrics={"acc": [value]})
    shelf.make("other", metrics={"acc": [0.7]})
    page = tree_page(shelf, columns="metrics.acc", sort="-metrics.acc")
    assert [row.run.run_id for row in page.rows] == ["sweep", "other"]
    [best] = page.rows[0].place.best.values()  # type: ignore[union-attr]
    assert best == (0.1, 0.9)


def test_a_root_that_arrives_does_not_shift_the_next_page(shelf: Library) -> None:
    for run_id in "abcdef":
        shelf.make(run_id)
    first = tree_page(shelf)
    shelf.make("g")
    second = tree_page(shelf, after=first.after)
    assert [row.run.run_id for row in second.rows] == ["c", "b", "a"]


@pytest.mark.parametrize("q", ["run", "deep"])
def test_the_number_of_queries_does_not_depend_on_the_rows(
    shelf: Library, q: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            tree_page(
                shelf,
                q=q,
                sort="-metrics.acc",
                columns="name,metrics.acc,children.failed",
                tree=",".join(f"s{n},s{n}a" for n in range(8)) if q == "run" else "",
            )
        return len(captured)

    def sweep(n: int) -> None:
        shelf.make(f"s{n}", name="run")
        for letter in "ab":
            shelf.make(
                f"s{n}{letter}",
                name="run",
                parent_run_id=f"s{n}",
                metrics={"acc": [1.0]},
            )
        shelf.make(f"s{n}deep", name="run deep", parent_run_id=f"s{n}a")

    for n in range(4):
        sweep(n)
    few = queries()
    for n in range(4, 8):
        sweep(n)
    # On PostgreSQL four of them set the time limit.
    assert queries() == few <= 30
