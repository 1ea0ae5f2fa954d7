"""`view:…` in a filter: the filter of a custom view counts as if it stood there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.views.views import ViewState, create_view
from runs.models import User, View
from studio.core.errors import InvalidFilter
from studio.core.filters.source import FilterText
from studio.core.view_spec import ViewSpec
from tests.access.people import browser_of
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db

Save = Callable[..., View]


@pytest.fixture
def save(shelf: Library) -> Save:
    def save_view(name: str, q: str, owner: User | None = None, **more: Any) -> View:
        state = ViewState(ViewSpec(q=FilterText(q)))
        act: Any = {"actor": Actor(owner or shelf.ada), "now": NOON}
        return create_view(shelf.workspace, name, state, **act, **more)

    return save_view


@pytest.fixture
def runs(shelf: Library) -> Library:
    shelf.make("a", tags={"nightly": None})
    shelf.make("b", tags={"nightly": None, "flaky": None})
    shelf.make("c", params={"lr": "1"})
    shelf.make("d", params={"lr": "2"}, columns={"deleted": NOON})
    return shelf


def test_the_filter_of_a_view_counts_as_if_it_stood_there(
    runs: Library, save: Save
) -> None:
    nightly = save("Nightly runs", "tag:nightly or params.lr = 1")
    save("stable", "view:'Nightly runs' and -tag:flaky")
    save("trash", "deleted:true")
    save("all", "")
    assert runs.find('view:"Nightly runs"') == ["a", "b", "c"]
    assert runs.find(f"view:{nightly.slug} tag:flaky") == ["b"]
    assert runs.find("view:stable") == ["a", "c"]
    assert runs.find("-view:stable") == ["b"]
    assert runs.find("view != stable") == ["b"]
    assert runs.find("view:stable|trash deleted:false") == ["a", "c"]
    assert runs.find("view:trash") == ["d"]
    assert runs.find("view:all") == ["a", "b", "c"]


def error_of(library: Library, q: str, viewer: User | None = None) -> str:
    with pytest.raises(InvalidFilter) as caught:
        library.find(q, viewer=viewer)
    assert caught.value.details["position"] == q.index("view")
    return str(caught.value)


def test_a_circle_of_views_and_two_views_of_a_name_are_errors(
    runs: Library, save: Save
) -> None:
    save("x", "view:y")
    save("y", "tag:nightly -view:x")
    assert "circle: x → y → x." in error_of(runs, "tag:flaky or view:x")
    first, second = save("same", ""), save("same", "tag:flaky")
    text = error_of(runs, "view:same")
    assert first.slug in text
    assert second.slug in text
    assert runs.find(f"view:{second.slug}") == ["b"]


def test_views_that_double_each_other_stop_at_a_limit(
    runs: Library, save: Save
) -> None:
    save("v0", "tag:nightly tag:flaky")
    for n in range(1, 12):
        save(f"v{n}", f"view:v{n - 1} or (view:v{n - 1} tag:flaky)")
    assert "more than 500 terms" in error_of(runs, "view:v9")
    assert "10 levels" in error_of(runs, "view:v11")
    assert runs.find("view:v3") == ["b"]


def test_another_members_private_view_is_unknown_like_a_missing_one(
    runs: Library, save: Save
) -> None:
    hidden = save("hidden", "tag:nightly")
    save("shared", "view:hidden", shared=True)
    for name in ("hidden", hidden.slug, "shared"):
        found = error_of(runs, f"view:{name}", runs.bob)
        shown = "hidden" if name == "shared" else name
        assert found == error_of(runs, "view:missing").replace("missing", shown)
    offered = {"text": "view:hid", "at": "8"}
    address = f"/w/{runs.workspace.name}/list/complete/"
    for user, is_offered in ((runs.ada, True), (runs.bob, False)):
        shown = browser_of(user).get(address, offered).content.decode()
        assert (hidden.slug in shown) == is_offered


def test_views_cost_a_query_per_level_and_not_per_view(
    runs: Library, save: Save
) -> None:
    for name in "pqrs":
        save(name, "tag:nightly")
    save("nested", "view:p or view:q or view:r")

    def count(q: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            runs.find(q)
        return len(queries)

    assert count("view:p") == count("tag:nightly") + 1
    written = count("tag:nightly or tag:nightly or tag:nightly or tag:nightly")
    assert count("view:p|q|r|s") == written + 1
    written = count("tag:nightly or tag:nightly or tag:nightly")
    assert count("view:nested") == written + 2
