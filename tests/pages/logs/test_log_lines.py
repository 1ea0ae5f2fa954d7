"""The fragment with lines of a log."""

from __future__ import annotations

import threading

import pytest
from django.test import Client

from runs.models import Run
from runs.search.expressions import search_slot, search_slots
from tests.pages.run.run_page import PAGE, browser, cost, keep
from tests.parts.elements import every, one

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

LINES = f"{PAGE}logs/lines/?path=log.txt"


def numbers(browser: Client, query: str) -> list[int]:
    page = browser.get(LINES + query).text
    return [int(line["id"][1:]) for line in every(page, ".line")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [*range(1, 501)]),
        ("&line=998", [998, 999, 1000]),
        ("&line=5&count=2", [5, 6]),
        ("&end=1&count=3", [998, 999, 1000]),
        ("&byte=12&count=1", [3]),
        ("&line=5000", []),
    ],
)
def test_a_window_starts_where_the_address_says(
    browser: Client, run: Run, query: str, expected: list[int]
) -> None:
    keep(run, "log.txt", b"".join(b"%d...\n" % (n % 10) for n in range(1000)))
    assert numbers(browser, query) == expected


def test_an_unchanged_log_is_not_sent_again(browser: Client, run: Run) -> None:
    keep(run, "log.txt")
    etag = browser.get(LINES)["ETag"]
    assert browser.get(LINES, headers={"If-None-Match": etag}).status_code == 304
    keep(run, "log.txt", b"more\n")
    assert browser.get(LINES, headers={"If-None-Match": etag}).status_code == 200


def test_a_filter_without_a_turn_says_so_and_is_not_cached(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(run, "log.txt", b"one\ntwo\n")
    monkeypatch.setattr(search_slots, "_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(search_slots, "WAIT_SECONDS", 0)
    with search_slot():
        busy = browser.get(f"{LINES}&end=1&q=two")
        tab = browser.get(f"{PAGE}files/?path=log.txt&q=two&only=1")
    assert one(busy.text, ".log-lines")["data-busy"] == "1"
    assert (busy.get("ETag"), busy["Cache-Control"]) == (None, "no-store")
    assert "Other searches are running" in one(tab.text, ".log-note").text
    assert numbers(browser, "&end=1&q=two") == [2]


def test_a_follower_gets_the_unfinished_line_again(browser: Client, run: Run) -> None:
    keep(run, "log.txt", b"one\ntwo\nthr")
    page = browser.get(f"{LINES}&since=11").text
    assert [each.text for each in every(page, ".line code")] == ["thr"]
    assert numbers(browser, "&since=8") == [3]
    root = one(page, ".log-lines")
    assert root["data-size"] == "11"
    assert root["data-end"] == "1"


def test_a_follower_of_a_replaced_log_gets_its_end(browser: Client, run: Run) -> None:
    keep(run, "log.txt", b"one\ntwo\n")
    root = one(browser.get(LINES).text, ".log-lines")
    keep(run, "log.txt", b"a\nb\nc\nd\n")
    query = f"&since=8&count=3&file={root['data-file']}"
    assert numbers(browser, query) == [2, 3, 4]


def test_colors_levels_and_times_are_marked(browser: Client, run: Run) -> None:
    keep(run, "log.txt", b"2026-11-24 12:27:40Z \x1b[31mERROR\x1b[0m <b>&\n")
    line = one(browser.get(LINES).text, ".line")
    assert line["class"] == "line level-error"
    assert line["data-time"] == "1795523260000"
    assert one(browser.get(LINES).text, ".ansi-red").text == "ERROR"
    assert "&lt;b&gt;&amp;" in browser.get(LINES).text


def test_a_window_costs_as_many_queries_as_a_run(browser: Client, run: Run) -> None:
    keep(run, "log.txt")
    assert cost(browser, LINES) <= cost(browser, f"{PAGE}files/raw/log.txt")


@pytest.mark.parametrize("query", ["&line=x", "&count=-1", "&byte=1e3", "&line=٣"])
def test_a_wrong_number_is_refused(browser: Client, run: Run, query: str) -> None:
    keep(run, "log.txt")
    assert browser.get(LINES + query).status_code == 400


def test_another_workspace_shows_nothing(browser: Client, run: Run) -> None:
    keep(run, "log.txt")
    other = LINES.replace("/w/default/", "/w/other/")
    assert browser.get(other).status_code == 404
