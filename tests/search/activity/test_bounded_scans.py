"""Pages and counts of the activity read a limited number of change sets by an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Change, ChangeSet, Run, User, Workspace
from runs.search.activity import (
    ActivityFilter,
    activity_query,
    bounded_scans,
    count_activity,
    find_activity,
)

pytestmark = pytest.mark.django_db
LIMIT = 10


@pytest.fixture
def jonas() -> User:
    return User.objects.create(username="jonas")


@pytest.fixture
def sets(
    workspace: Workspace, owner: User, jonas: User, run: Run, monkeypatch: Any
) -> list[int]:
    """A change set each second; the first one is Jonas's, and the 20 last are tags.

    A scan reads 10 of them.
    """
    monkeypatch.setattr(bounded_scans, "MAX_SCANNED", LIMIT)
    monkeypatch.setattr(bounded_scans, "MAX_COMPARED", LIMIT)
    ChangeSet.objects.all().delete()
    of_all = {"workspace": workspace, "experiment": run.experiment, "run_count": 1}
    rows = [
        ChangeSet(
            **of_all,
            time=n * 1000,
            action="set tags" if n >= 20 else "rename run",
            kind="tag" if n >= 20 else "rename",
            way="browser" if n else "cli",
            actor=owner if n else jonas,
            change_count=1,
        )
        for n in range(40)
    ]
    ChangeSet.objects.bulk_create(rows)
    Change.objects.bulk_create(
        Change(change_set=row, run=run, field="name", after=f"n{row.time}")
        for row in rows
    )
    return [row.pk for row in rows]


def walk(query: Any, limit: int = 4) -> Iterator[tuple[list[int], bool]]:
    """The pages until the end: their sets, and whether the search stopped early."""
    after = ""
    while True:
        page = find_activity(query, after=after, limit=limit)
        yield [each.pk for each in page.sets], page.searched_to is not None
        after = page.after
        if not after:
            return


@pytest.mark.parametrize(
    ("wanted", "numbers", "stops"),
    [
        ({}, range(39, -1, -1), 0),
        # An index leads to these, however far back they are.
        ({"members": ("jonas",)}, [0], 0),
        ({"q": "changed_by:jonas"}, [0], 0),
        ({"q": "changed:<1970-01-01T00:00:03Z"}, [2, 1, 0], 0),
        ({"members": ("jonas", "ada")}, range(39, -1, -1), 0),
        ({"members": ("jonas",), "experiment": "its"}, [0], 0),
        ({"members": ("jonas",), "kinds": ("tag",)}, [], 0),
        # No index leads to these: the third page after it has them.
        ({"ways": ("cli",)}, [0], 3),
        ({"ways": ("cli",), "kinds": ("rename",)}, [0], 1),
        ({"q": "not changed_by:ada"}, [0], 3),
        ({"q": "name:nosuch"}, [], 3),
    ],
)
def test_a_scan_that_stops_goes_on_behind_its_last_set(
    sets: list[int],
    owner: User,
    run: Run,
    workspace: Workspace,
    wanted: dict[str, Any],
    numbers: Any,
    stops: int,
) -> None:
    if "experiment" in wanted:
        wanted = {**wanted, "experiment": run.experiment.name}
    query = activity_query(ActivityFilter(**wanted), owner, workspace, now=100_000)
    pages = list(walk(query))
    assert [key for page, _ in pages for key in page] == [sets[n] for n in numbers]
    assert sum(stopped for _, stopped in pages) == stops


def test_counts_are_exact_where_an_index_leads_and_say_where_not(
    sets: list[int], owner: User, jonas: User, workspace: Workspace
) -> None:
    def count(**wanted: Any) -> Any:
        query = activity_query(ActivityFilter(**wanted), owner, workspace, now=0)
        return count_activity(query)

    rare = count(members=("jonas",))
    assert (rare.total, rare.is_exact, rare.scanned) == (1, True, LIMIT)
    frequent = count(kinds=("tag",))
    assert (frequent.total, frequent.is_exact) == (LIMIT, False)
    # The newest ten are tags of one member.
    assert (dict(frequent.kinds), dict(frequent.members)) == (
        {"tag": LIMIT},
        {owner: LIMIT},
    )
    few = count(q="changed:<1970-01-01T00:00:05Z")
    assert (few.total, few.is_exact, few.scanned) == (5, True, 0)
    assert dict(few.members) == {owner: 4, jonas: 1}


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "changes_by_time"),
        ({"members": ("jonas",)}, "changes_of_actor"),
        ({"kinds": ("rename",)}, "changes_of_kind"),
        ({"ways": ("cli",)}, "changes_by_time"),
        ({"experiment": "its"}, "changes_in_experiment"),
        ({"experiment": "its", "kinds": ("star",)}, "changes_of_kind"),
    ],
)
def test_change_sets_are_read_in_the_order_of_an_index(
    sets: list[int],
    owner: User,
    run: Run,
    workspace: Workspace,
    wanted: dict[str, Any],
    index: str,
) -> None:
    if "experiment" in wanted:
        wanted = {**wanted, "experiment": run.experiment.name}
    query = activity_query(ActivityFilter(**wanted), owner, workspace, now=0)
    with CaptureQueriesContext(connection) as captured:
        find_activity(query)
        count_activity(query)
    found = [explain(each["sql"]) for each in captured.captured_queries]
    pages = [plan for plan in found if index in plan]
    assert pages
    for plan in found:
        assert "SCAN runs_changeset" not in plan
        assert "Seq Scan on runs_changeset" not in plan
    # At least the page itself has no rows to sort.
    assert any("TEMP B-TREE" not in plan and "Sort" not in plan for plan in pages)


def explain(sql: str) -> str:
    """The plan of a query that reads change sets; empty for others."""
    if not sql.startswith("SELECT") or ' FROM "runs_changeset"' not in sql:
        return ""
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if not is_sqlite:
            # A small table is read as a whole, whatever the index.
            for what in ("seqscan", "sort", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{what} = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
