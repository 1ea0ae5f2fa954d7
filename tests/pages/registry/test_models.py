"""Models: what a line says, order and paging, and that the cost does not grow."""

from __future__ import annotations

import ast
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import RegisteredModel, Role, User, Workspace
from tests.access.people import browser_of, make_member
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


SORTS = ["name", "-updated", "versions", "-latest", "-starred", "-registered_by"]


@pytest.mark.parametrize("sort", SORTS)
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


@pytest.mark.parametrize(
    ("query", "has_count"),
    [("?q=m", False), ("?q=nosuch", False), ("?q=m&rows=25", True)],
)
def test_rows_are_counted_only_if_there_are_other_pages(
    browser: Client, workspace: Workspace, query: str, has_count: bool
) -> None:
    for number in range(30):
        add_model(workspace, f"m{number}")
    with CaptureQueriesContext(connection) as captured:
        page = browser.get(PAGE + query)
    counts = [q for q in captured.captured_queries if "COUNT(" in q["sql"]]
    assert bool(counts) is has_count
    assert page.context["page"].total == (0 if "nosuch" in query else 30)


def test_the_filter_narrows_the_rows_and_stays_in_the_links(
    browser: Client, workspace: Workspace, owner: User
) -> None:
    for name in ("digits", "speech"):
        add_model(workspace, name)
    page = browser.get(PAGE + "?q=name:digits")
    assert [line.name for line in page.context["lines"]] == ["digits"]
    assert all(
        "q=name" in head["href"] for head in page.context["heads"] if head["href"]
    )


def test_a_tag_filters_although_the_filter_has_a_longer_value(
    browser: Client, workspace: Workspace
) -> None:
    tags = add_model(workspace, "digits").tags
    tags.create(key="team", value="a1")
    page = browser.get(PAGE, {"q": "tags.team != a10 or name:digits"})
    (link,) = page.context["lines"][0].tags
    query = parse_qs(link.href.removeprefix("?"))
    assert query["q"] == ["(tags.team != a10 or name:digits) and tags.team = a1"]


def test_an_invalid_filter_shows_where_it_is_wrong_and_all_rows(
    browser: Client, workspace: Workspace
) -> None:
    add_model(workspace, "digits")
    page = browser.get(PAGE + "?q=digits status:failed")
    assert page.status_code == 400
    assert [line.name for line in page.context["lines"]] == ["digits"]
    problem = page.context["problem"]
    assert (problem["before"], problem["wrong"]) == ("digits ", "status")
    assert "The rows below are not filtered." in page.content.decode()


def test_an_invalid_filter_leaves_the_rows_of_a_script_as_they_are(
    browser: Client,
) -> None:
    answer = browser.get(PAGE + "?q=owner:me", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#filter-note"
    assert "?q=registered_by" in answer.content.decode()


def test_the_star_is_the_members_own(
    browser: Client, workspace: Workspace, owner: User
) -> None:
    add_model(workspace, "a b")
    answer = browser.post(f"{PAGE}a%20b/star/", {"starred": "1", "next": PAGE})
    assert answer["Location"] == PAGE
    assert names(browser, "?q=is:starred") == ["a b"]
    browser.post(f"{PAGE}a%20b/star/", {"starred": "0"})
    assert names(browser, "?q=is:starred") == []


def test_a_contributor_creates_a_model(browser: Client, workspace: Workspace) -> None:
    sent = {"name": "a b%", "description": "# About\r\nText"}
    answer = browser.post("/w/default/new-model/", sent)
    assert answer["Location"] == "/w/default/models/a%20b%25/"
    model = RegisteredModel.objects.get(workspace=workspace)
    assert (model.name, model.description) == ("a b%", "# About\nText")


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "..", "x" * 257])
def test_a_name_that_is_not_valid_is_refused(
    browser: Client, workspace: Workspace, name: str
) -> None:
    answer = browser.post("/w/default/new-model/", {"name": name})
    assert answer.status_code == 422
    assert answer.context["form"].problem
    assert not RegisteredModel.objects.exists()


def test_a_name_that_is_used_is_refused(browser: Client, workspace: Workspace) -> None:
    add_model(workspace, "digits")
    answer = browser.post("/w/default/new-model/", {"name": "digits"})
    assert answer.status_code == 422
    assert "digits" in answer.context["form"].problem


def test_a_reader_sees_no_button_for_a_new_model(
    browser: Client, workspace: Workspace
) -> None:
    reader = make_member(workspace, "rae", Role.READER)
    assert "new-model" in browser.get(PAGE).content.decode()
    assert "new-model" not in browser_of(reader).get(PAGE).content.decode()


def test_the_empty_page_has_a_snippet(browser: Client, workspace: Workspace) -> None:
    text = browser.get(PAGE).content.decode()
    assert "registered_model_name" in text
    assert "No matching models" in browser.get(PAGE + "?q=x").content.decode()


def test_the_snippet_of_a_model_without_versions_is_python(
    browser: Client, workspace: Workspace
) -> None:
    model = add_model(workspace, 'my "best" model')
    address = next(h for h in hrefs(browser.get(PAGE)) if "best" in h)
    snippet = browser.get(address).context["quoted_name"]
    assert ast.literal_eval(snippet) == model.name


def test_tags_that_clients_keep_for_themselves_are_not_shown(
    browser: Client, workspace: Workspace
) -> None:
    model = add_model(workspace, "digits")
    for key in ("mlflow.internal", "team"):
        model.tags.create(key=key, value="x")
    head = browser.get(f"{PAGE}digits/").context["head"]
    assert [tag.key for tag in head.tags] == ["team"]
