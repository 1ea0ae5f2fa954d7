"""Search through a whole log finds what a search line by line finds."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.search.expressions import search_slots
from runs.search.logs import LogPattern, LogSearch, LogSource, search_log
from runs.search.logs.log_scan import CHUNK_BYTES
from studio.core.errors import InvalidValue
from tests.search.logs.log_files import log_folder, store_log

__all__ = ["log_folder"]
pytestmark = pytest.mark.usefixtures("log_folder")


def search_all(source: LogSource, pattern: LogPattern, **given: Any) -> list[int]:
    found = search_log(source, pattern, **given)
    given.pop("after", None)
    numbers = [hit.number for hit in found.hits]
    while not found.is_done:
        found = search_log(source, pattern, after=found.next, **given)
        numbers += [hit.number for hit in found.hits]
    return numbers


@settings(max_examples=30, deadline=None)
@given(
    lines=st.lists(st.text("aAb\tß ", max_size=8), max_size=30),
    pattern=st.sampled_from(
        ["a", "A", "ab?", "^a", "b$", r"\s", "[^a]", "[^A]+b", "a|ß", "x*", "^$"]
    ),
    is_cased=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    max_hits=st.sampled_from([1, 3, 100]),
)
def test_each_matching_line_is_found_once(
    lines: list[str], pattern: str, is_cased: bool, end: str, max_hits: int
) -> None:
    source = store_log(end.join(lines).encode())
    shown = lines[:-1] if lines and not lines[-1] else lines
    flags = 0 if is_cased else re.IGNORECASE
    expected = [n for n, line in enumerate(shown, 1) if re.search(pattern, line, flags)]
    wanted = LogPattern(pattern, is_regex=True, is_cased=is_cased)
    assert search_all(source, wanted, max_hits=max_hits) == expected


def test_hits_of_many_chunks_have_their_line_numbers() -> None:
    size = CHUNK_BYTES // 10
    lines = [b"needle" if n % size == 0 else b"." * (n % 20) for n in range(4 * size)]
    source = store_log(b"\n".join(lines))
    expected = [n * size + 1 for n in range(4)]
    assert search_all(source, LogPattern("NEEDLE")) == expected


def one_hit(data: bytes, text: str) -> LogSearch:
    found = search_log(store_log(data), LogPattern(text))
    assert len(found.hits) == 1
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[32mIN\x1b[0mFO epoch",
        "\ufeffinfo epoch".encode("utf-16"),
        b"\xff INFO epoch",
        b"IN\x1b(BFO\x08\x07 ep\x1bP1$r\x1b\\och",
    ],
)
def test_text_is_found_as_it_is_shown(data: bytes) -> None:
    hit = one_hit(data + b"\n" * ("utf-16" not in str(data)), "info ep").hits[0]
    ((start, stop),) = hit.marks
    assert hit.text[start:stop].lower() == "info ep"


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [("^epoch 2$", [1]), ("1.*2", []), ("^last$", [2]), ("caf.$", [3])],
)
def test_each_state_of_a_progress_bar_is_a_line(
    pattern: str, numbers: list[int]
) -> None:
    source = store_log(b"epoch 1\repoch 2\repoch 3\r\nx\rlast\ncaf\xe9\n")
    assert search_all(source, LogPattern(pattern, is_regex=True)) == numbers


def test_a_match_in_a_folded_state_says_so() -> None:
    hit = one_hit(b"epoch 1\repoch 2\n", "epoch 1").hits[0]
    assert (hit.text, hit.is_folded) == ("epoch 1", True)


def test_a_match_in_a_very_long_line_is_shown_with_its_surroundings() -> None:
    data = b"x" * (3 * CHUNK_BYTES + 100) + b" needle " + b"y" * 3_000_000
    hit = one_hit(b"first\n" + data, "needle").hits[0]
    assert hit.number == 2
    ((start, stop),) = hit.marks
    assert hit.text[start:stop] == "needle"
    assert len(hit.text) < 300


def test_a_very_long_line_is_one_hit_in_however_many_requests() -> None:
    line = (b"x" * 10_000 + b" needle ") * 300
    source = store_log(b"needle 1\n" + line + b"\nneedle 3\n" + line)
    for more in ({}, {"seconds": 0}, {"max_hits": 1}, {"seconds": 0, "max_hits": 1}):
        assert search_all(source, LogPattern("needle"), **more) == [1, 2, 3, 4]


def test_a_search_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_slots, "_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(search_slots, "WAIT_SECONDS", 0)
    source = store_log(b"needle\n" * 3)
    with search_slots.search_slot():
        waiting = search_log(source, LogPattern("needle"), after="1")
    assert (waiting.hits, waiting.is_done) == ((), False)
    assert search_all(source, LogPattern("needle"), after=waiting.next) == [2, 3]


def test_a_search_without_time_continues_where_it_ended() -> None:
    source = store_log(b"line\n" * CHUNK_BYTES)
    first = search_log(source, LogPattern("nothing"), seconds=0)
    assert not first.is_done
    second = search_log(source, LogPattern("nothing"), after=first.next, seconds=0)
    assert first.searched_bytes < second.searched_bytes < source.size


@pytest.mark.parametrize("text", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a?){500}a{500}"])
def test_no_expression_takes_long(text: str) -> None:
    source = store_log(b"a" * 200_000 + b"!\n")
    start = time.process_time()
    search_log(source, LogPattern(text, is_regex=True))
    # Another engine needs longer than the age of the universe.
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "text", ["(", "[z-a]", r"(a)\1", "(?=a)", "a{5000}", "x" * 1001]
)
def test_a_wrong_expression_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        LogPattern(text, is_regex=True)


@pytest.mark.parametrize("after", ["x", "-1", "1@", "9" * 30])
def test_a_wrong_cursor_is_refused(after: str) -> None:
    with pytest.raises(InvalidValue):
        search_log(store_log(b"a\n"), LogPattern("a"), after=after)
