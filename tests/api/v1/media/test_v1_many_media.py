"""Media of a run with very many files over REST: names are read in limited numbers."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Run
from runs.search.media import scan as media_scan
from tests.api.rest import Rest
from tests.pages.media.test_many_files import NAMES, few_names, images, names_read

__all__ = ["few_names"]
pytestmark = pytest.mark.usefixtures("files_dir", "few_names")

ADDRESS = "runs/r1/media"


@pytest.fixture
def run(rest: Rest) -> Run:
    rest.new_run("r1")
    return Run.objects.get(run_id="r1")


def read_once(rest: Rest, **query: object) -> tuple[Any, int, bool]:
    reply = rest.get(ADDRESS, **query)
    steps = [each["steps"] for each in reply["media"]]
    return steps, reply["unread"], reply["is_reading"]


@pytest.mark.parametrize("query", ["", "?name=a&step=3"])
def test_one_request_reads_a_limited_number_of_names(
    rest: Rest, run: Run, query: str
) -> None:
    images(run, *range(3 * NAMES))
    address = rest.url(ADDRESS) + query
    # The last known file is read again, which proves that it is still there.
    rows = [names_read(rest.client, address) for _ in range(4)]
    assert rows == [NAMES, NAMES + 1, NAMES + 1, 1]


def test_the_same_request_again_brings_older_steps(rest: Rest, run: Run) -> None:
    images(run, *range(2 * NAMES + 1))
    steps = [*range(2 * NAMES + 1)]
    assert read_once(rest) == ([steps[-NAMES:]], NAMES + 1, True)
    assert read_once(rest) == ([steps[1:]], 1, True)
    for _ in range(2):
        assert read_once(rest) == ([steps], 0, False)


def test_a_name_that_is_not_read_yet_is_not_missing(rest: Rest, run: Run) -> None:
    images(run, *range(NAMES))
    other = "media/b/step_1.png"
    rest.send("PUT", f"runs/r1/files/{other}", b"1", "text/plain")
    images(run, *range(NAMES, 2 * NAMES))
    media_scan._kept.clear()
    assert rest.get(ADDRESS, name="b")["media"] == []
    reply = rest.get(ADDRESS, name="b")
    [[item]] = [each["items"] for each in reply["media"]]
    assert (item["path"], reply["is_whole"]) == (other, False)
    assert rest.refused("GET", f"{ADDRESS}?name=c")[0] == 404


def test_older_files_are_not_read_past_a_limit(
    rest: Rest, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_scan, "MAX_FILES", NAMES)
    images(run, *range(2 * NAMES))
    for _ in range(2):
        assert read_once(rest)[1:] == (NAMES, False)
    assert rest.get(ADDRESS)["is_whole"] is False
