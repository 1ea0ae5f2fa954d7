"""A very large log opens at once, while its lines are counted part by part."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from runs.models import File, Run
from runs.search.logs import log_tail
from runs.storage.files import files
from runs.storage.logs import BLOCK_BYTES
from runs.storage.logs.line_index import load_records
from tests.pages.run.run_page import PAGE, browser, keep
from tests.parts.elements import every, texts

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir", "few_blocks")]

LOG = f"{PAGE}files/?path=log.txt"
LINES = 20_000
LONG = b"".join(b"\x1b[31mERROR\x1b[0m <b> line %05d\n" % n for n in range(LINES))
BLOCKS = len(LONG) // BLOCK_BYTES


@pytest.fixture
def few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tail, "COUNTED_BLOCKS", 3)


def counted(file: File, encoding: str = "utf-8") -> int:
    return len(load_records(file.blob, encoding))


@pytest.mark.parametrize("query", ["", "&line=9000", "&q=line&only=1", "&traceback=1"])
def test_each_opening_counts_a_part_and_shows_the_last_lines(
    browser: Client, run: Run, query: str
) -> None:
    file = keep(run, "log.txt", LONG)
    for part in range(1, (BLOCKS - 1) // 3 + 1):
        page = browser.get(LOG + query).text
        assert counted(file) == 3 * part
        lines = texts(page, ".log-tail .line")
        assert (len(lines), lines[-1]) == (300, f"ERROR <b> line {LINES - 1}")
        assert not every(page, ".line[id]")
        [poll] = every(page, ".is-uncounted")
        assert poll["hx-get"] == LOG + query
    page = browser.get(LOG + query).text
    assert every(page, ".line[id]")
    assert not every(page, ".is-uncounted")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (LONG + b"not \xff ended", "not \N{REPLACEMENT CHARACTER} ended"),
        (b"x" * len(LONG), "x" * 100),
        ("\ufeff".encode("utf-16-le") + LONG.decode().encode("utf-16-le"), "ERROR"),
    ],
)
def test_the_last_line_is_shown_whatever_it_has(
    browser: Client, run: Run, text: bytes, last: str
) -> None:
    keep(run, "log.txt", text)
    assert texts(browser.get(LOG), ".log-tail .line")[-1].startswith(last)


def test_a_count_that_cannot_be_saved_is_done_at_once(
    browser: Client, run: Run
) -> None:
    file = keep(run, "log.txt", LONG)
    folder = Path(files.derived_path(file.blob, "lines")).parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"")
    page = browser.get(LOG).text
    assert every(page, f"#L{LINES}")


def test_a_short_log_is_counted_at_once(browser: Client, run: Run) -> None:
    keep(run, "log.txt", LONG[: 2 * BLOCK_BYTES])
    assert every(browser.get(LOG).text, ".line[id]")
