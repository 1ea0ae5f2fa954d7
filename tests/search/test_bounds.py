"""Where a search ends: at the viewer's workspaces, and at the largest filters."""

from __future__ import annotations

from copy import copy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Key, KeyKind, Run, RunTag, User, Workspace
from runs.search.filters import completion
from runs.search.filters.facets import SAMPLE_RUNS, FacetReader
from studio.core.errors import InvalidFilter
from studio.core.filters.tree import Field
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db


def test_a_stranger_sees_nothing(shelf: Library) -> None:
    shelf.make("x")
    stranger = User.objects.create(username="eve")
    assert shelf.find("", viewer=stranger) == []


def test_runs_of_another_workspace_are_not_found(shelf: Library) -> None:
    other = Workspace.objects.create(name="other")
    Run.objects.filter(pk=shelf.make("x").pk).update(workspace=other)
    assert shelf.find("x") == []


def test_a_long_pattern_is_refused(library: Library) -> None:
    with pytest.raises(InvalidFilter, match="at most 2000 characters"):
        library.find("name like '" + "%a" * 1500 + "'")


LARGE = {
    "words": " or ".join(f"word{n}" for n in range(50)),
    "numbers": f"metrics.acc in ({','.join(map(str, range(490)))})",
    "texts": f"not params.lr in ({','.join(map(str, range(490)))})",
    "times": f"created in ({','.join(map(str, range(10_000, 10_490)))})",
    "terms": " ".join(f"tag:t{n}" for n in range(490)),
    "known": " or ".join(["tag:model"] * 240 + ["metrics.acc > 3"] * 60),
    "alternatives": " or ".join(f"tag:t{n}" for n in range(490)),
    "nested": "not (a or " * 24 + "b" + ")" * 24,
    "nested lists": "not (metrics.a in (1,2,3,4,5,6,7) or " * 24 + "b" + ")" * 24,
    "nested terms": "(tag:a tag:b tag:c or " * 48 + "b" + ")" * 48,
}
#: What each comes to, said shortly; the others match nothing here.
SHORT = {
    "texts": "not params.lr in (0, 489)",
    "known": "tag:model or metrics.acc > 3",
    # Not (a or not (a or b)) is: b, and not a.
    "nested": "b not a",
    "nested lists": "b not metrics.a in (1,2,3,4,5,6,7)",
    "nested terms": "(tag:a tag:b tag:c) or b",
}


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_allowed_filters_work(library: Library, name: str) -> None:
    assert library.find(LARGE[name]) == library.find(SHORT.get(name, "tag:nosuch"))


def test_more_words_cost_no_more_queries(library: Library) -> None:
    def count_queries(words: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            library.find(" ".join(f"word{n}" for n in range(words)))
        return len(captured)

    assert count_queries(50) == count_queries(2)


def test_ten_thousand_keys_cost_no_more_queries(shelf: Library) -> None:
    run = shelf.make("x", tags={"own": "1"})

    def queries(q: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert shelf.find(q, columns="name,tags") == ["x"]
        return len(captured)

    few = queries("tags.own = '1'")
    keys = [
        Key(workspace=shelf.workspace, kind=KeyKind.TAG, name=f"key-{n}")
        for n in range(10_000)
    ]
    Key.objects.bulk_create(keys)
    RunTag.objects.bulk_create(RunTag(run=run, key=key, value="1") for key in keys)
    assert queries("tags.key-9999 = '1'") == few
    reader = FacetReader(ViewSpec(), shelf.ada, shelf.workspace, now=NOON)
    assert len(completion.find_keys(reader, "tags", "key-", 20)) == 20


@pytest.mark.parametrize(
    "q", ["name like '%zz%9'", "description contains qqq", "tags.own like '%q%'"]
)
def test_a_filter_without_matches_is_queried_once(shelf: Library, q: str) -> None:
    shelf.make("x", tags={"own": "1"})
    with CaptureQueriesContext(connection) as captured:
        assert shelf.find(q) == []
    looked = [each["sql"] for each in captured if '"revision"' in each["sql"]]
    assert looked == []


#: Different tags of a workspace, and how many of them a run has.
TAGS, TAGS_A_RUN = 100_000, 100


def give_many_tags(shelf: Library) -> None:
    """Every run `run-N` has tags that no other has."""
    first = shelf.make("run-0")
    others = [copy(first) for _ in range(1, TAGS // TAGS_A_RUN)]
    for n, other in enumerate(others, 1):
        other.pk, other._state.adding = None, True
        other.run_id = other.name = f"run-{n}"
        other.number = first.number + n
    Run.objects.bulk_create(others)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runs_key (workspace_id, kind, name) "
            "WITH RECURSIVE n(i) AS "
            "(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
            "SELECT %s, 'tag', 'many-' || i FROM n",
            [TAGS - 1, shelf.workspace.pk],
        )
        if connection.vendor == "postgresql":
            # As autovacuum does for committed rows; else the plan is one for few rows.
            cursor.execute("ANALYZE runs_key, runs_run")
        cursor.execute(
            "INSERT INTO runs_runtag (run_id, key_id, value) "
            "SELECT r.id, k.id, 'v' FROM runs_key k JOIN runs_run r "
            "ON r.workspace_id = k.workspace_id AND r.run_id = "
            f"'run-' || (CAST(SUBSTR(k.name, 6) AS integer) / {TAGS_A_RUN}) "
            "WHERE k.workspace_id = %s AND k.name LIKE %s",
            [shelf.workspace.pk, "many-%"],
        )
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE runs_runtag")


def test_a_hundred_thousand_tags_cost_no_more_queries(shelf: Library) -> None:
    run = shelf.make("x", tags={"own": "1"})

    def queries(key: str) -> int:
        reader = FacetReader(ViewSpec(), shelf.ada, shelf.workspace, now=NOON)
        with CaptureQueriesContext(connection) as captured:
            shelf.page(f"tags.{key} = '1'", columns="name,tags")
            shelf.page("", columns="name,tags", sort=f"tags.{key}")
            offered = completion.find_keys(reader, "tags", key, 20)
            offered += completion.list_keys(reader, "tags", "", 200)
            assert reader.count_values(Field("tags", key)).runs == len(
                reader.matching_runs().ids
            )
        assert key in [each.field.key for each in offered]
        assert len(offered) <= 220
        return len(captured)

    few = queries("own")
    give_many_tags(shelf)
    own = RunTag.objects.filter(run__workspace=shelf.workspace)
    assert own.count() == TAGS + 1
    assert queries("many-77777") <= few
    reader = FacetReader(ViewSpec(), shelf.ada, shelf.workspace, now=NOON)
    sampled = reader.most_useful_keys("tags")
    assert len(sampled) <= SAMPLE_RUNS * TAGS_A_RUN
    assert run.tags.count() == 1


@pytest.mark.parametrize(
    "sort", ["-metrics.unknown", "tags.unknown", "-params.unknown"]
)
def test_sorting_by_an_unknown_key_keeps_the_default_order(
    shelf: Library, sort: str
) -> None:
    for run_id in "abc":
        shelf.make(run_id)

    def queries(sort: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert shelf.find("", sort=sort) == ["c", "b", "a"]
        return len(captured)

    # One more asks which key it is.
    assert queries(sort) <= queries("-created") + 1
