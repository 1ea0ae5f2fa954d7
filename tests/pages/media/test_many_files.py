"""The tab Media of a run with very many files: names are read in limited numbers."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import File, Run
from runs.search.media import MediaCatalog, list_media
from runs.search.media import scan as media_scan
from tests.pages.media.test_media_tab import MEDIA, SMALL, logged, panels
from tests.pages.run.run_page import HTMX, browser, keep

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir", "few_names")]

NAMES = 4


@pytest.fixture
def few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    media_scan._kept.clear()
    monkeypatch.setattr(media_scan, "MAX_NEW_NAMES", NAMES)


def images(run: Run, *steps: int) -> list[File]:
    return [keep(run, f"media/a/step_{step:08d}_ab.png", SMALL) for step in steps]


def names_read(browser: Client, address: str) -> int:
    """Count the names of files that a page reads from the database."""
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(address).status_code == 200
    asked = [
        each["sql"]
        for each in caught.captured_queries
        if "folder" in each["sql"] and '"blob"' not in each["sql"]
    ]
    assert asked
    count = 0
    with connection.cursor() as cursor:
        for sql in asked:
            # PostgreSQL declares a cursor for it.
            cursor.execute(sql[sql.index("SELECT") :])
            count += len(cursor.fetchall())
    return count


def contents(catalog: MediaCatalog) -> list[Any]:
    return [
        (each.name, each.kind, dict(each.files), dict(each.attached))
        for each in catalog.series
    ]


def read_all(run: Run) -> MediaCatalog:
    while (catalog := list_media(run)).is_reading:
        pass
    return catalog


@pytest.mark.parametrize("query", ["", "?name=a&step=3", "?view=steps", "?open=x"])
def test_one_opening_reads_a_limited_number_of_names(
    browser: Client, run: Run, query: str
) -> None:
    images(run, *range(3 * NAMES))
    # The last known file is read again, which proves that it is still there.
    assert names_read(browser, MEDIA + query) == NAMES
    assert names_read(browser, MEDIA + query) == NAMES + 1
    assert names_read(browser, MEDIA + query) == NAMES + 1
    assert names_read(browser, MEDIA + query) == 1


def test_the_newest_are_shown_first_and_polls_bring_the_rest(
    browser: Client, run: Run
) -> None:
    keep(run, "media/first/step_1.png", SMALL)
    images(run, *range(2 * NAMES))
    early = browser.get(f"{MEDIA}?step=0").text
    assert "Older steps are being read." in early
    media_scan._kept.clear()
    page = browser.get(MEDIA)
    assert f"Reading the names of {NAMES + 1} older files." in page.text
    assert [each.step for each in page.context["panels"]] == [2 * NAMES - 1]
    assert page.context["pace"]
    etags = [page["ETag"]]
    for status in (200, 200, 304):
        page = browser.get(MEDIA, headers={**HTMX, "If-None-Match": etags[-1]})
        assert page.status_code == status
        etags.append(page["ETag"])
    page = browser.get(MEDIA)
    assert "older file" not in page.text
    assert [each.name for each in page.context["panels"]] == ["a", "first"]


def test_names_that_are_read_in_parts_are_those_of_one_reading(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (1, 2):
        logged(run, "b", step, {"caption": "x"}, {"caption": "y"})
        keep(run, f"images/k+step+{step}+timestamp+9+u.png", SMALL)
        keep(run, f"images/k+step+{step}+timestamp+9+u+compressed.webp", b"RIFF")
        keep(run, f"plain_{step}.png", SMALL)
    keep(run, "lone.png", SMALL)
    in_parts = contents(read_all(run))
    media_scan._kept.clear()
    monkeypatch.setattr(media_scan, "MAX_NEW_NAMES", 100)
    assert contents(list_media(run)) == in_parts
    assert len(in_parts) == 4


@pytest.mark.parametrize("known", [1, 2, 9])
def test_changes_between_two_parts_are_noticed(run: Run, known: int) -> None:
    files = images(run, *range(2 * NAMES))
    for _ in range(known):
        list_media(run)
    images(run, 100, 101)
    files[0].delete()
    files[-1].delete()
    images(run, 3)
    [series] = read_all(run).series
    assert series.steps == [*range(1, 2 * NAMES - 1), 100, 101]
    images(run, *range(200, 200 + 3 * NAMES))
    assert list_media(run).unread > NAMES
    [series] = read_all(run).series
    assert series.count_at(3) == 1
    assert len(series.steps) == 5 * NAMES


def test_compared_runs_share_the_number_of_names(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    images(run, *range(3 * NAMES))
    address = f"/w/default/compare/?run={run.run_id}&image=a&step=1"
    page = browser.get(address)
    assert f"Reading the names of {2 * NAMES} older files." in page.text
    while "older file" in page.text:
        page = browser.get(address)
    assert page.context["media"].step == 1
    assert len(panels(browser, "?step=1")) == 1
