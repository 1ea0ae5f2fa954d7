"""Rows of two logs: by line number, or by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runs.search.logs import (
    BY_CLOCK,
    BY_CONTENT,
    BY_ELAPSED,
    BY_LINE,
    LogFilter,
    LogPair,
    LogPattern,
    LogSource,
    PairQuery,
    content_rows,
    log_filter,
    read_pair,
)
from tests.search.logs.log_files import log_folder, store_log

__all__ = ["log_folder"]
pytestmark = pytest.mark.usefixtures("log_folder")

Windows = Callable[..., list[LogPair]]
EVERY_LINE = LogFilter()
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def stamped(seconds: list[int], *, begin: datetime = NOON, tail: int = 0) -> LogSource:
    """Lines at these seconds, each with `tail` lines without a stamp after it."""
    lines = ["no stamp yet"]
    for number, second in enumerate(seconds):
        time = begin + timedelta(seconds=second)
        lines.append(f"{time:%Y-%m-%dT%H:%M:%SZ} step {number}")
        lines += ["  more"] * tail
    return store_log("\n".join(lines).encode(), int(begin.timestamp() * 1000))


def numbers(pair: LogPair) -> list[tuple[int, int]]:
    """The line numbers of each row; 0 where a log has no line."""
    return [
        (row.left.number if row.left else 0, row.right.number if row.right else 0)
        for row in pair.rows
    ]


def test_lines_with_the_same_number_are_in_a_row() -> None:
    left, right = store_log(b"a\nb\nc\n"), store_log(b"a\n")
    pair = read_pair(left, right, PairQuery())
    assert numbers(pair) == [(1, 1), (2, 0), (3, 0)]
    assert (pair.is_start, pair.is_end, pair.has_times) == (True, True, False)


def test_lines_of_the_same_second_are_in_a_row() -> None:
    later = NOON + timedelta(hours=5)
    left, right = stamped([0, 2, 3]), stamped([0, 1, 1, 3], begin=later)
    pair = read_pair(left, right, PairQuery(BY_ELAPSED))
    expected = [(1, 1), (2, 2), (0, 3), (0, 4), (3, 0), (4, 5)]
    assert numbers(pair) == expected
    # By the clock, all of the second log is later.
    pair = read_pair(left, right, PairQuery(BY_CLOCK))
    assert numbers(pair) == [(1, 1), *((n, 0) for n in (2, 3, 4))] + [
        (0, n) for n in (2, 3, 4, 5)
    ]


def test_lines_that_say_the_same_are_in_a_row() -> None:
    left = stamped([0, 1, 2])
    texts = [
        "no stamp yet",
        "new",
        *(f"2026-11-25T09:00:0{n} step {n}" for n in (0, 4, 5, 2)),
        "end",
    ]
    right = store_log("\n".join(texts).encode())
    pair = read_pair(left, right, PairQuery(BY_CONTENT))
    expected = [(1, 1), (0, 2), (2, 3), (3, 4), (0, 5), (4, 6), (0, 7)]
    assert numbers(pair) == expected
    assert read_pair(left, right, PairQuery(BY_CONTENT, is_end=True)).rows == pair.rows


def test_a_text_far_into_two_logs_is_in_one_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(content_rows, "COMPARED_LINES", 50)
    steps = [f"step {n}" for n in range(400)]
    added = [f"only here {n}" for n in range(30)]
    left = store_log("\n".join(steps).encode())
    right = store_log("\n".join(steps[:100] + added + steps[100:]).encode())
    windows = forward(left, right, BY_CONTENT)
    rows = {row for pair in windows for row in numbers(pair)}
    assert {(100, 100), (0, 101), (0, 130), (101, 131), (400, 430)} <= rows
    backwards = [
        row for pair in backward(left, right, BY_CONTENT) for row in numbers(pair)
    ]
    assert set(backwards) == rows
    found = read_pair(left, right, PairQuery(BY_CONTENT, line=105))
    assert (105, 135) in numbers(found)


def test_without_stamps_in_both_lines_are_aligned_by_number() -> None:
    left, right = stamped([0, 5]), store_log(b"a\nb\nc\n")
    pair = read_pair(left, right, PairQuery(BY_ELAPSED))
    assert numbers(pair) == [(1, 1), (2, 2), (3, 3)]
    assert (pair.align, pair.has_times) == (BY_LINE, False)


def forward(
    left: LogSource, right: LogSource, align: str, wanted: LogFilter = EVERY_LINE
) -> list[LogPair]:
    query = PairQuery(align, count=7, filter=wanted)
    pair = read_pair(left, right, query)
    windows = [pair]
    while not pair.is_end:
        pair = read_pair(left, right, replace(query, start=pair.stop))
        windows.append(pair)
    return windows


def backward(
    left: LogSource, right: LogSource, align: str, wanted: LogFilter = EVERY_LINE
) -> list[LogPair]:
    query = PairQuery(align, is_end=True, count=7, filter=wanted)
    pair = read_pair(left, right, query)
    windows = [pair]
    while not pair.is_start:
        query = replace(query, is_end=False, before=pair.start)
        pair = read_pair(left, right, query)
        windows.append(pair)
    return windows[::-1]


@pytest.mark.parametrize("align", [BY_LINE, BY_CONTENT, BY_ELAPSED, BY_CLOCK])
@pytest.mark.parametrize("read", [forward, backward])
def test_windows_have_each_line_of_both_once(align: str, read: Windows) -> None:
    left = stamped([n * 3 for n in range(40)], tail=2)
    right = stamped([0] * 12 + [n * 4 for n in range(25)] + [500] * 9, tail=1)
    rows = [row for pair in read(left, right, align) for row in numbers(pair)]
    for side, total in ((0, 121), (1, 93)):
        assert [row[side] for row in rows if row[side]] == [*range(1, total + 1)]


@pytest.mark.parametrize("read", [forward, backward])
def test_windows_have_the_rows_of_the_whole_logs(read: Windows) -> None:
    left = stamped([n // 3 * 2 for n in range(60)], tail=1)
    right = stamped([n * 3 // 2 for n in range(50)])
    whole = numbers(read_pair(left, right, PairQuery(BY_ELAPSED, count=1000)))
    pairs = read(left, right, BY_ELAPSED)
    assert [row for pair in pairs for row in numbers(pair)] == whole
    if read is forward:
        assert {len(pair.rows) for pair in pairs[:-1]} == {7}


#: Lines with this level and this text; others have one of both.
MARKED = LogFilter(frozenset({"error"}), LogPattern("lost"))


def marked_log(marked: list[int], begin: datetime = NOON) -> LogSource:
    """A stamped line per second; the next one matches at the marked seconds."""
    lines = []
    for second in range(120):
        time = begin + timedelta(seconds=second)
        lines.append(f"{time:%Y-%m-%dT%H:%M:%SZ} INFO lost {second}")
        lines.append(f"ERROR: {'lost' if second in marked else 'kept'} {second % 50}")
    return store_log("\n".join(lines).encode(), int(begin.timestamp() * 1000))


@pytest.mark.parametrize("read", [forward, backward])
@pytest.mark.parametrize(
    ("align", "expected"),
    [
        (BY_LINE, [*((n, 0) for n in range(20, 41, 2)), (0, 124)]),
        (BY_ELAPSED, [*((n, 0) for n in range(20, 41, 2)), (0, 124)]),
        (BY_CONTENT, [(n, 124 if n == 24 else 0) for n in range(20, 41, 2)]),
    ],
)
def test_a_filter_shows_the_rows_of_matching_lines(
    read: Windows, align: str, expected: list[tuple[int, int]]
) -> None:
    left = marked_log([*range(9, 20), 100])
    right = marked_log([61, 100], begin=NOON + timedelta(hours=1))
    windows = read(left, right, align, MARKED)
    rows = [row for pair in windows for row in numbers(pair)]
    assert rows == [*expected, (202, 202)]


@pytest.mark.parametrize("align", [BY_LINE, BY_CONTENT, BY_ELAPSED])
@pytest.mark.parametrize("read", [forward, backward])
def test_a_filter_that_takes_long_goes_on_with_the_next_window(
    read: Windows, align: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = marked_log([2, 90]), marked_log([119])
    whole = read(left, right, align, MARKED)
    monkeypatch.setattr(log_filter, "FILTER_SECONDS", -1)
    monkeypatch.setattr("runs.search.logs.log_scan.MIN_CHUNK_BYTES", 256)
    monkeypatch.setattr(log_filter, "MIN_CHUNK_BYTES", 256)
    windows = read(left, right, align, MARKED)
    assert len(windows) > len(whole)
    rows = [row for pair in windows for row in numbers(pair)]
    for side, expected in ((0, [6, 182]), (1, [240])):
        assert [row[side] for row in rows if row[side]] == expected


def test_stamps_of_several_writers_keep_the_order_of_lines() -> None:
    left, right = stamped([0, 5, 4, 6]), stamped([0, 5, 5, 6])
    pair = read_pair(left, right, PairQuery(BY_ELAPSED))
    assert numbers(pair) == [(n, n) for n in range(1, 6)]


def test_a_line_is_shown_next_to_the_other_log_at_its_moment() -> None:
    left = stamped(list(range(3000)))
    right = stamped([n * 2 for n in range(1500)], begin=NOON + timedelta(days=1))
    pair = read_pair(left, right, PairQuery(BY_ELAPSED, line=2002))
    # Line 1 has no stamp, line 2 is second 0.
    assert (2002, 1002) in numbers(pair)
    # Each second before has a line of the left log, every other one also of the right.
    assert pair.start == (2002 - 39, 1002 - 19)
    pair = read_pair(left, right, PairQuery(BY_ELAPSED, line=1002, side=1))
    assert (2002, 1002) in numbers(pair)
    pair = read_pair(left, right, PairQuery(BY_LINE, line=1600))
    assert (1600, 0) in numbers(pair)


@pytest.mark.parametrize("align", [BY_LINE, BY_CONTENT, BY_ELAPSED])
def test_positions_beyond_a_log_lead_to_its_end(align: str) -> None:
    left, right = stamped(list(range(300))), stamped(list(range(200)))
    far = 10**14
    pair = read_pair(left, right, PairQuery(align, line=far, side=1))
    assert (201, 201) in numbers(pair)
    pair = read_pair(left, right, PairQuery(align, start=(far, far)))
    assert (pair.rows, pair.is_end) == ((), True)
    pair = read_pair(left, right, PairQuery(align, before=pair.start, count=5))
    assert numbers(pair)[-1] == (301, 0)


@pytest.mark.parametrize("data", [b"", b"\0\xff\xfe\n" * 3, "é\n".encode("utf-16")])
def test_empty_and_binary_files_have_rows_too(data: bytes) -> None:
    pair = read_pair(store_log(data), stamped([0]), PairQuery(BY_ELAPSED))
    assert [row.right.number for row in pair.rows if row.right] == [1, 2]


def test_long_lines_end_a_window_of_both() -> None:
    left, right = store_log(b"x" * 9000 + b"\n"), store_log(b"a\n" * 900)
    long = store_log((b"x" * 9000 + b"\n") * 900)
    assert len(read_pair(left, right, PairQuery(count=900)).rows) == 900
    pair = read_pair(long, right, PairQuery(count=900))
    assert 0 < len(pair.rows) < 900
    assert all(left and right for left, right in numbers(pair))
    stamp = f"{NOON:%Y-%m-%dT%H:%M:%SZ} "
    long_stamped = store_log((stamp + "x" * 9000 + "\n").encode() * 900)
    short_stamped = store_log((stamp + "\n").encode() * 900)
    pair = read_pair(long_stamped, short_stamped, PairQuery(BY_CLOCK, count=900))
    assert all(left and right for left, right in numbers(pair))
    pair = read_pair(long, right, PairQuery(is_end=True, count=900))
    assert numbers(pair)[-1] == (900, 900)
