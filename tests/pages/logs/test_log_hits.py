"""The fragments with the hits of a search, and with the tracebacks of a log."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.models import Run
from runs.storage.files import files
from tests.pages.run.run_page import PAGE, browser, keep
from tests.parts.elements import every, one

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

SEARCH = f"{PAGE}logs/search/?path=log.txt"
OUTLINE = f"{PAGE}logs/outline/?path=log.txt"


def test_hits_are_links_to_their_lines(browser: Client, run: Run) -> None:
    keep(run, "log.txt", b"one\n<b>two\nthree Two\n")
    page = browser.get(f"{SEARCH}&q=two").text
    assert one(page, ".log-hits")["data-count"] == "2"
    assert one(page, ".log-hits")["data-done"] == "1"
    hits = every(page, ".log-hit")
    assert [hit["data-line"] for hit in hits] == ["2", "3"]
    assert hits[0]["href"].endswith("files/?path=log.txt&q=two&line=2#L2")
    assert [mark.text for mark in every(page, "mark")] == ["two", "Two"]
    assert "&lt;b&gt;" in page


def test_hits_continue_where_the_page_says(browser: Client, run: Run) -> None:
    keep(run, "log.txt", b"hit\n" * 450)
    numbers, address = [], f"{SEARCH}&q=hit"
    while address:
        page = browser.get(address).text
        numbers += [int(hit["data-line"]) for hit in every(page, ".log-hit")]
        more = every(page, ".more-hits")
        address = more[0]["href"] if more else ""
    assert numbers == list(range(1, 451))


@pytest.mark.parametrize("query", ["&q=(&regex=1", "&q=a&after=x", f"&q={'x' * 1001}"])
def test_a_wrong_search_is_refused(browser: Client, run: Run, query: str) -> None:
    keep(run, "log.txt")
    assert browser.get(SEARCH + query).status_code == 400


def test_a_search_for_nothing_finds_nothing(browser: Client, run: Run) -> None:
    keep(run, "log.txt")
    assert every(browser.get(SEARCH).text, ".log-hit") == []


def test_tracebacks_are_links_to_their_lines(browser: Client, run: Run) -> None:
    text = "INFO: x\nTraceback (most recent call last):\n  File\nKeyError: '<k>'\n"
    keep(run, "log.txt", text.encode())
    page = browser.get(OUTLINE).text
    link = one(page, ".log-traceback")
    assert link.text == "KeyError at line 2"
    assert link["href"].endswith("&line=2#L2-L4")
    assert one(page, ".log-outline")["data-levels"] == "info"


def test_missing_bytes_are_reported(browser: Client, run: Run) -> None:
    file = keep(run, "log.txt")
    files.delete(file.blob)
    for address in (SEARCH + "&q=x", OUTLINE, SEARCH.replace("search", "lines")):
        assert browser.get(address).status_code in (404, 410, 500, 503)
