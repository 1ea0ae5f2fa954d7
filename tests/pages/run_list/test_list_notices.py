"""A list names the invalid parts of its address and applies the rest."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.pages.rows import ALL, HTMX, names
from tests.parts.elements import every, hrefs

pytestmark = pytest.mark.django_db

WRONG = {
    "columns=name,nmae,status": "Unknown field &#x27;nmae&#x27;",
    "sort=log": "sort: runs can&#x27;t be sorted by log",
    "sort=metrics.": "sort: ",
    "rows=7": "rows must be one of 25, 50, 100",
    "children=yes": "children must be 0 or 1",
    "after=x": "after is not a cursor of this list",
    "before=WyIxIl0": "before is not a cursor of this list",
    "after=a&before=b": "after and before can&#x27;t be used together",
    "selected=s.abc&only=1": "selected: the selection s.abc",
    "children=1&tree=gone": "tree: there is no run gone to open",
    "view=h3k9": "There is no view named h3k9 here.",
    "view=%00": "view must not contain a NUL character",
}


@pytest.mark.parametrize("query", WRONG)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_invalid_parts_are_named_and_the_rest_applied(
    visitor: Client, log: Any, query: str, headers: dict[str, str]
) -> None:
    log("a", acc=0.9)
    log("b", acc=0.1)
    answer = visitor.get(f"{ALL}?q=metrics.acc+%3E+0.5&{query}", headers=headers)
    assert answer.status_code == 200
    assert WRONG[query] in answer.text
    assert names(answer) == ["a"]


def test_links_of_the_page_leave_out_invalid_parts(visitor: Client, log: Any) -> None:
    log("a")
    page = visitor.get(f"{ALL}?columns=name,nmae,status&sort=log")
    assert "columns=name,status" in page.text
    assert "nmae%" not in page.text
    table = page.text.partition('id="run-table"')[2].partition("star-form")[0]
    assert "sort=log" not in table


def test_an_address_without_mistakes_has_no_notice(visitor: Client, log: Any) -> None:
    log("a")
    page = visitor.get(f"{ALL}?sort=name&utm_source=mail")
    assert names(page) == ["a"]
    assert every(page, "#list-notice") == []


def test_the_valid_beginning_of_an_invalid_filter_is_applied(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.9, tags={"model": "x"})
    log("b", acc=0.9)
    wrong = "metrics.acc > 0.5 and tags.model = x and status = Finished and name ="
    page = visitor.get(ALL, {"q": wrong})
    assert names(page) == ["a"]
    assert f'value="{wrong.replace(">", "&gt;")}"' in page.text


@pytest.mark.parametrize("term", ["log:e", "log:e and status = Running"])
def test_an_unsupported_filter_keeps_the_rows(
    visitor: Client, log: Any, term: str
) -> None:
    log("a")
    page = visitor.get(ALL, {"q": term})
    assert page.status_code >= 400
    assert names(page) == ["a"]


def test_an_empty_list_names_the_filter_that_excludes_runs(
    visitor: Client, log: Any
) -> None:
    for number in range(3):
        log(f"a{number}", acc=0.9, tags={"model": "x"})
    log("b", acc=0.1, tags={"model": "y"})
    query = {"q": "tags.model = y and metrics.acc > 0.5"}
    page = visitor.get(ALL, query)
    assert page.status_code == 200
    ways = page.text.partition('class="ways-out"')[2].partition("</ul>")[0]
    first, second = ways.split("<li>")[1:]
    assert "q=metrics.acc+%3E+0.5" in first
    assert "3 matching runs" in first
    assert "q=tags.model+%3D+y" in second
    assert "1 matching run" in second


def test_an_asterisk_that_finds_nothing_leads_to_a_pattern(
    visitor: Client, log: Any
) -> None:
    log("mixup-3", acc=0.9)
    page = visitor.get(ALL, {"q": "name:mixup* metrics.acc > 0.5"})
    better = "?q=name+like+%22mixup%25%22+metrics.acc+%3E+0.5"
    assert better in hrefs(page, "#no-match a")
    assert "mixup-3" in visitor.get(ALL + better).text


def test_an_empty_list_of_my_runs_links_to_all_runs(visitor: Client, log: Any) -> None:
    page = visitor.get(ALL, {"q": "name = absent", "mine": "1"})
    assert "?q=name+%3D+absent" in hrefs(page, "#no-match a")
    assert "everyone’s" in page.text
