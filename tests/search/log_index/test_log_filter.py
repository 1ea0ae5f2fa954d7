"""`log:` in the filter language: exact, whatever the index takes for a candidate."""

from __future__ import annotations

from typing import Any

import pytest

from runs.search.log_index import matching_runs, partial_search
from runs.search.log_index.log_text import BLOCK_BYTES
from studio.core.errors import InvalidFilter, QueryTimeout
from studio.core.statuses import RunStatus
from tests.search.library import Library
from tests.search.log_index.logs import index, write_log

pytestmark = pytest.mark.django_db
OOM = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n"


@pytest.fixture
def logs(shelf: Library) -> Library:
    write_log(shelf, "a", f"epoch 1\n{OOM}", status=RunStatus.FAILED)
    write_log(shelf, "b", "epoch 1\nloss=0.5\r\nepoch 2 cuda OUT of memory\n")
    write_log(
        shelf, "c", "\x1b[31mCUDA \x1b[0mout of\x1b[K memory\nÜbung 错误 ΣΟΦΟΣ 5 µs\n"
    )
    write_log(
        shelf, "d", " 1%\r 2% CUDA out of memory\r100% done\nmemory of out CUDA\n"
    )
    write_log(shelf, "e", "CUDA out\nof memory\n", path="logs/rank/1.txt")
    write_log(shelf, "f", OOM, path="outputs/report.txt.log")
    shelf.make("none")
    index()
    return shelf


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('log:"CUDA out of memory"', "abcdf"),
        ('log contains "cuda out OF memory"', "abcdf"),
        ('log like "%CUDA out of memory%"', "acdf"),
        ('log like "CUDA out of memory"', "c"),
        ('log like "loss=0._"', "b"),
        ('log ilike "%cuda out of memory%"', "abcdf"),
        ('log = "CUDA out of memory"', "c"),
        ('log in ("CUDA out of memory", "epoch 1")', "abc"),
        ('log matches "CUDA.*memory"', "abcdf"),
        ('log matches "2%.*100%"', ""),
        ('log matches "^epoch \\d$"', "ab"),
        ('log matches "of.memory$"', "bcde"),
        ('log matches "Memory(Error|Fault)"', "af"),
        ('log matches "out\\s+of memory"', "abcdf"),
        ("log:übung", "c"),
        ("log:错误", "c"),
        ("log:σοφος", "c"),
        ('log matches "ΣΟΦΟς \\d μs"', "c"),
        ('log:"5 μS"', "c"),
        ('log matches "\\pLbung \\pL+"', "c"),
        ('log matches "\\Aepoch 1\\z"', "ab"),
        ('log:"31m"', ""),
        ('log:"2% CUDA"', "d"),
        ('log:"CUDA out of memory 100%"', ""),
        ("log:done", "d"),
        ('log:"CUDA out of memory" status:failed', "a"),
        ('log:"CUDA out of memory" or name:d', "abcdf"),
        ('log:"CUDA out of memory" log:epoch', "ab"),
        ('log:"CUDA out of memory" or log:done', "abcdf"),
        ('-log:"CUDA out of memory"', "enone"),
        ('log not contains "CUDA out of memory" log is not null', "e"),
        ('log not matches "CUDA.*memory" name:e', "e"),
        ('not (log:epoch or log:"of memory")', "none"),
        ("log is null", "none"),
        ("log is not null", "abcdef"),
    ],
)
def test_a_term_finds_runs_with_a_line_that_fits(
    logs: Library, q: str, found: str
) -> None:
    assert "".join(logs.find(q)) == found


@pytest.mark.parametrize(
    ("q", "message"),
    [
        ("log:ab", "three fixed characters"),
        ('log like "%a%b%"', "three fixed characters"),
        ('log matches "a.c.*"', "three fixed characters"),
        ('log matches "(abc"', "not valid"),
        ('log matches "(a{1000}){1000}bcd"', "not valid"),
        (f"log:{'x' * 9_000}", "at most"),
        ('name matches "abc"', "matches"),
    ],
)
def test_what_no_index_answers_is_refused(logs: Library, q: str, message: str) -> None:
    with pytest.raises(InvalidFilter, match=message):
        logs.find(q)


@pytest.mark.parametrize("offset", [-4, -1, 0, 1, BLOCK_BYTES])
def test_a_text_is_found_at_any_place_of_a_long_line(
    shelf: Library, offset: int
) -> None:
    write_log(shelf, "a", "x" * (BLOCK_BYTES + offset) + "needle" + "y" * BLOCK_BYTES)
    write_log(shelf, "b", "line\n" * BLOCK_BYTES)
    index()
    assert shelf.find("log:needle") == ["a"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_logs_in_other_encodings_are_searched(shelf: Library, encoding: str) -> None:
    write_log(shelf, "a", ("Zeile ä\n" * 20_000 + "Übung\n").encode(encoding))
    index()
    assert shelf.find("log:übung") == ["a"]
    assert shelf.find('log = "Zeile ä"') == ["a"]


def test_bytes_that_are_no_text_do_no_harm(shelf: Library) -> None:
    write_log(shelf, "a", bytes(range(256)) * 300 + b"\nneedle\xff\n")
    index()
    assert shelf.find("log:needle") == ["a"]


def test_a_search_that_takes_too_long_continues_the_next_time(
    logs: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_runs, "QUERY_SECONDS", -1.0)
    tries: list[Any] = []
    while not tries or tries[-1] is QueryTimeout:
        try:
            tries.append(logs.find("log:epoch"))
        except QueryTimeout:
            tries.append(QueryTimeout)
        assert len(tries) < 10
    assert tries[-1] == ["a", "b"]
    assert QueryTimeout in tries


def test_logs_are_read_in_batches_the_newest_first(
    logs: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_runs, "FIRST_BATCH", 1)
    monkeypatch.setattr(matching_runs, "MAX_BATCH", 2)
    # The time is over after the first log.
    with partial_search(-1.0) as search:
        assert logs.find("log:memory") == ["f"]
    assert search.is_stopped
    assert logs.find("log:memory") == list("abcdef")


def test_other_terms_decide_which_logs_are_read(
    logs: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_runs, "MAX_READ_AT_ONCE", 0)
    read: list[int] = []
    before = matching_runs.read_block

    def count(*given: Any) -> str:
        read.append(1)
        return before(*given)

    monkeypatch.setattr(matching_runs, "read_block", count)
    assert logs.find('log:"out of memory" status:failed name:a') == ["a"]
    assert len(read) == 1
