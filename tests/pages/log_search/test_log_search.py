"""The page of log search: matching lines by run, what is not searched, the switch."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import ChangeSet, LogIndexSettings, Run
from runs.pages.log_search import log_search
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.parts.records import NOON
from tests.search.library import Library, empty_library
from tests.search.log_index.conftest import log_folders as log_folders  # noqa: PLC0414
from tests.search.log_index.logs import LOG, index, write_log

pytestmark = pytest.mark.django_db
PAGE = "/w/shelf/logs/"
OOM = "CUDA out of memory <b>now</b>\n"


@pytest.fixture
def shelf(db: None) -> Library:
    return empty_library("shelf", "ann", "ben")


@pytest.fixture
def owner(shelf: Library) -> Client:
    return browser_of(shelf.ada)


def lines(page: str) -> list[str]:
    found = re.findall(r"<span class=.log-number.*?</li>", page, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "|", each)) for each in found]


def test_runs_are_shown_with_links_to_their_first_matching_lines(
    shelf: Library, owner: Client
) -> None:
    write_log(shelf, "a", f"start\n10%\r20%\nRuntimeError: {OOM}" + OOM * 5)
    write_log(shelf, "b", "fine\n")
    index()
    page = owner.get(PAGE, {"q": "cuda OUT of memory"}).text
    assert "1 run matches" in page
    assert "RuntimeError: <mark>CUDA out of memory</mark> &lt;b&gt;now" in page
    assert len(lines(page)) == 3
    href = "/w/shelf/runs/a/files/?path=user_logs%2Fstd_log.txt&amp;line=3#L3"
    assert f'href="{href}"' in page
    assert "line 4" not in page


@pytest.mark.parametrize(
    ("q", "shown"),
    [
        ('log:"out of memory" name:a', "1 run matches"),
        ('log matches "out.*memory"', "2 runs match"),
        ("status:failed", "1 run matches"),
        ("nothing at all", "No matching logs"),
        ("ab", "three fixed characters"),
        ('log matches "(abc"', "not valid"),
        ("nmae:x", "Unknown field"),
        ("", "Search in the logs of all runs"),
    ],
)
def test_a_text_or_a_filter_is_searched(
    shelf: Library, owner: Client, q: str, shown: str
) -> None:
    write_log(shelf, "a", OOM, status=RunStatus.FAILED)
    write_log(shelf, "b", OOM)
    index()
    assert shown in unescape(owner.get(PAGE, {"q": q}).text)


def test_the_page_shows_what_is_not_indexed_yet(shelf: Library, owner: Client) -> None:
    write_log(shelf, "a", OOM)
    texts = [
        owner.get(PAGE, {"q": "memory"}).text,
        owner.get("/w/shelf/runs/", {"q": "log:memory"}).text,
        owner.get(
            "/w/shelf/runs/?q=log:memory", headers={"Accept": "text/csv"}
        ).headers.get("X-Notices", "Logs of 1 run are not searched yet"),
    ]
    for text in texts:
        assert "Logs of 1 run are not searched yet" in unescape(text)
    index()
    assert "not searched yet" not in owner.get(PAGE, {"q": "memory"}).text


def test_the_page_costs_a_fixed_number_of_statements(
    shelf: Library, owner: Client
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            owner.get(PAGE, {"q": "memory"})
        return len(captured)

    write_log(shelf, "a", OOM)
    index()
    cost()
    # One log is known from the last search, and one is new.
    write_log(shelf, "b", OOM)
    index(NOON + 1)
    few = cost()
    for n in range(9):
        write_log(shelf, f"r{n}", OOM)
    index(NOON + 2)
    assert cost() == few


def test_pages_of_runs_follow_each_other(shelf: Library, owner: Client) -> None:
    for n in range(30):
        write_log(shelf, f"r{n}", OOM)
    index()
    first = owner.get(PAGE, {"q": "memory"}).text
    assert len(lines(first)) == 25
    following = re.findall(r'href="([^"]*)" rel="next"', first)
    second = owner.get(unescape(following[0])).text
    assert len(lines(second)) == 5
    assert 'rel="prev"' in second


def test_an_owner_turns_log_search_off_and_on(shelf: Library, owner: Client) -> None:
    write_log(shelf, "a", OOM)
    index()
    page = owner.post(f"{PAGE}index/", {"is_on": "0"}, follow=True).text
    assert "Log search is off in this workspace" in page
    assert ChangeSet.objects.filter(action="log_index").count() == 1
    assert "off in this workspace" in owner.get(PAGE, {"q": "memory"}).text
    owner.post(f"{PAGE}index/", {"is_on": "1"})
    assert LogIndexSettings.objects.get().is_on
    reader = browser_of(shelf.bob)
    assert "Turn off" not in reader.get(PAGE).text


def test_last_weeks_runs_out_of_memory_by_host_are_one_address(
    shelf: Library, owner: Client
) -> None:
    hosts = {"a": "gpu-07", "b": "gpu-07", "c": "gpu-09", "d": "gpu-09", "e": "gpu-09"}
    for run_id, host in hosts.items():
        text = "all fine\n" if run_id == "e" else OOM
        run = shelf.make(run_id, properties={"studio.host": host})
        write_log(shelf, run_id, text, path=LOG)
        month = 30 * 86_400_000 if run_id == "d" else 0
        Run.objects.filter(pk=run.pk).update(created=run.created - month)
    index()
    now = Run.objects.get(run_id="a").created
    q = f'log:"CUDA out of memory" created:>={now - 7 * 86_400_000}'
    page = owner.get("/w/shelf/runs/", {"q": q, "group": "host"})
    found = owner.get(
        "/w/shelf/runs/", {"q": q, "group": "host"}, headers={"Accept": "text/csv"}
    )
    rows = [line.split(",") for line in found.text.splitlines()]
    counts = {row[0]: row[1] for row in rows[1:]}
    assert counts == {"gpu-07": "2", "gpu-09": "1"}
    assert "Grouped by Host" in page.text


def test_a_page_shows_the_newest_matches_first_and_searches_further(
    shelf: Library, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        write_log(shelf, f"r{n}", OOM)
    index()
    monkeypatch.setattr(log_search, "FIRST_SECONDS", -1.0)
    pages = [owner.get(PAGE, {"q": "memory"}).text for _ in range(4)]
    assert [len(lines(page)) for page in pages] == [1, 2, 3, 4]
    assert "Search further" in pages[0]
    assert 'href="/w/shelf/runs/r3/"' in pages[0]
    for page in pages[1:]:
        assert "Only the newest logs" in page or page is pages[-1]
    last = owner.get(PAGE, {"q": "memory"}).text
    assert "Search further" not in last
    stopped = owner.get(PAGE, {"q": 'log:"of memory" -log:nothing'})
    assert "4 runs match" in stopped.text
