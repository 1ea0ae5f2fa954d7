"""Models: what a line says, order and paging, and that the cost does not grow."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import RegisteredModel, User, Workspace
from tests.access.people import browser_of
from tests.parts.elements import hrefs

pytestmark = pytest.mark.django_db

PAGE = "/w/default/models/"


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


def add_model(workspace: Workspace, name: str, when: int = 0) -> RegisteredModel:
    return RegisteredModel.objects.create(
        workspace=workspace, name=name, created=when, updated=when
    )


def names(browser: Client, query: str = "") -> list[str]:
    return [line.name for line in browser.get(PAGE + query).context["lines"]]


@pytest.mark.parametrize("name", ["a b%2F#?", "模型", "~new", "'\"<&>", "a\\b", "é+;"])
def test_a_model_of_any_name_is_linked(
    browser: Client, workspace: Workspace, name: str
) -> None:
    add_model(workspace, name)
    (href,) = hrefs(browser.get(PAGE), "tbody .name a")
    assert href.startswith("/w/default/models/")
    assert "/" not in href.removeprefix("/w/default/models/")[:-1]


def test_the_last_updated_model_comes_first(
    browser: Client, workspace: Workspace
) -> None:
    for when, name in enumerate(["b", "C", "a"]):
        add_model(workspace, name, when)
    assert names(browser) == ["a", "C", "b"]
    assert names(browser, "?sort=name") == ["a", "b", "C"]
    assert names(browser, "?sort=-name") == ["C", "b", "a"]


@pytest.mark.parametrize("sort", ["name", "-updated", "versions", "-registered_by"])
def test_pages_continue_without_gaps_in_both_directions(
    browser: Client, workspace: Workspace, sort: str
) -> None:
    for number in range(60):
        add_model(workspace, f"m{number:02}", number // 3)
    first = browser.get(f"{PAGE}?sort={sort}&rows=25")
    query, seen = "", []
    while True:
        page = browser.get(PAGE + (query or f"?sort={sort}&rows=25"))
        seen += [line.name for line in page.context["lines"]]
        if not page.context["next"]:
            break
        query = page.context["next"]
    assert sorted(seen) == [f"m{number:02}" for number in range(60)]
    assert page.context["range"] == "51–60 of 60 models"
    back = browser.get(PAGE + page.context["previous"])
    back = browser.get(PAGE + back.context["previous"])
    assert back.context["range"] == "1–25 of 60 models"
    assert [line.name for line in back.context["lines"]] == [
        line.name for line in first.context["lines"]
    ]


@pytest.mark.parametrize("query", ["?sort=colour", "?after=nonsense", "?before=x"])
def test_an_unknown_sort_or_cursor_is_reported(
    browser: Client, workspace: Workspace, query: str
) -> None:
    add_model(workspace, "a")
    page = browser.get(PAGE + query)
    assert page.status_code == 200
    assert names(browser, query) == ["a"]
    assert len(page.context["complaints"]) == 1


def test_the_number_of_queries_does_not_depend_on_the_rows(
    browser: Client, workspace: Workspace
) -> None:
    def queries_with(numbers: range) -> int:
        for number in numbers:
            add_model(workspace, f"m{number}", number)
        with CaptureQueriesContext(connection) as captured:
            browser.get(PAGE)
        return len(captured)

    queries_with(range(1))
    few = queries_with(range(1, 3))
    assert queries_with(range(3, 20)) == few
