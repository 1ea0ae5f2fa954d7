"""Where a search ends: at the viewer's workspaces, and at the largest filters."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Key, Kind, Run, RunTag, User, Workspace
from runs.search import completion
from runs.search.facets import FacetReader
from studio.core.errors import InvalidFilter
from studio.core.viewspec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db


def test_a_stranger_sees_nothing(shelf: Library) -> None:
    shelf.make("x")
    stranger = User.objects.create(username="eve")
    assert shelf.find("", viewer=stranger) == []


def test_another_workspace_s_runs_stay_there(shelf: Library) -> None:
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


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_filters_are_answered(library: Library, name: str) -> None:
    library.find(LARGE[name])


def test_ten_thousand_keys_cost_no_more_queries(shelf: Library) -> None:
    run = shelf.make("x", tags={"own": "1"})

    def queries(q: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert shelf.find(q, columns="name,tags") == ["x"]
        return len(captured)

    few = queries("tags.own = '1'")
    keys = [
        Key(workspace=shelf.workspace, kind=Kind.TAG, name=f"key-{n}")
        for n in range(10_000)
    ]
    Key.objects.bulk_create(keys)
    RunTag.objects.bulk_create(RunTag(run=run, key=key, value="1") for key in keys)
    assert queries("tags.key-9999 = '1'") == few
    reader = FacetReader(ViewSpec(), shelf.ada, shelf.workspace, now=NOON)
    assert len(completion.keys(reader, "tags", "key-", 20)) == 20


@pytest.mark.parametrize(
    "q", ["name like '%zz%9'", "description contains qqq", "tags.own like '%q%'"]
)
def test_what_nothing_matches_is_looked_for_once(shelf: Library, q: str) -> None:
    shelf.make("x", tags={"own": "1"})
    with CaptureQueriesContext(connection) as captured:
        assert shelf.find(q) == []
    looked = [each["sql"] for each in captured if '"revision"' in each["sql"]]
    assert looked == []
