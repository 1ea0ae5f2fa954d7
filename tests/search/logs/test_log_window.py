"""Windows put together are the log, whatever bytes it has and however it grows."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.search.logs import (
    LogFilter,
    LogPattern,
    LogWindow,
    WindowQuery,
    read_window,
)
from runs.search.logs.log_window import MAX_SHOWN_CHARS
from runs.storage.files import files
from studio.core.errors import MissingBytes
from tests.search.logs.log_files import append, log_folder, store_log

__all__ = ["log_folder"]
pytestmark = pytest.mark.usefixtures("log_folder")

#: Without it, the first bytes could say that the log is UTF-16.
START = b"start\n"
LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [b"", b"a\r", b"1%\r2%\r3%", b"\x1b[31mred\x1b[0m", b"\xff\xfe"]
        ),
        st.sampled_from([9, 99, 20_000, 270_000]).map(lambda length: b"x" * length),
    ).map(lambda line: line.replace(b"\n", b"")),
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(
    appends=st.lists(LINES.map(b"\n".join), min_size=1, max_size=3),
    count=st.integers(1, 5),
)
def test_joined_windows_have_each_line_exactly_one_time(
    appends: list[bytes], count: int
) -> None:
    source, data = store_log(START), START
    for more in appends:
        source, data = append(source, more), data + more
        expected = data.split(b"\n")
        expected = expected if expected[-1] else expected[:-1]
        numbers, number = [], 1
        while (
            window := read_window(source, WindowQuery(line=number, count=count))
        ).lines:
            numbers += [line.number for line in window.lines]
            starts = [line.start for line in window.lines]
            number = window.last + 1
            assert [data[at - 1 : at] for at in starts if at] == [
                b"\n" for at in starts if at
            ]
        assert numbers == list(range(1, len(expected) + 1))
        assert window.total == len(expected)


@settings(max_examples=15, deadline=None)
@given(first=LINES.map(b"\n".join).map(START.__add__), second=LINES.map(b"\n".join))
def test_a_follower_sees_what_a_reader_of_the_whole_log_sees(
    first: bytes, second: bytes
) -> None:
    source = store_log(first)
    seen = {line.number: line.text for line in read_window(source, WindowQuery()).lines}
    grown = append(source, second)
    since = read_window(grown, WindowQuery(since=source.size)).lines
    seen |= {line.number: line.text for line in since}
    whole = read_window(grown, WindowQuery()).lines
    # Colors may begin earlier than the part that a follower reads.
    assert seen == {line.number: line.text for line in whole}


@pytest.mark.parametrize(
    ("data", "text", "updates"),
    [
        (b"one\r\n", "one", 0),
        (b"  0%\r 50%\r100%\n", "100%", 2),
        (b"  0%\r 50%", " 50%", 1),
        (b"  0%\r 50%\r", " 50%", 1),
        (b" 50%\r100%\r    \r\n", "100%", 1),
        (b"\r\x1b[2K 50%\r\x1b[2K100%\r\x1b[2K\n", "100%", 1),
        (b"a\0b\x07\n", "a\u2400b", 0),
        (b"caf\xe9\n", "caf\ufffd", 0),
        ("é\r\n".encode("utf-16"), "é", 0),
        ("\ufeffbom\n".encode(), "bom", 0),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b(Bend\n", "link end", 0),
    ],
)
def test_a_line_is_shown_as_a_terminal_leaves_it(
    data: bytes, text: str, updates: int
) -> None:
    line = read_window(store_log(data), WindowQuery()).lines[0]
    assert (line.text, line.updates) == (text, updates)


def test_a_line_of_ten_megabytes_is_cut() -> None:
    source = store_log(b"first\n" + b"x" * 10_000_000 + b"\nlast\n")
    first, long, last = read_window(source, WindowQuery()).lines
    assert (first.text, last.text) == ("first", "last")
    assert (len(long.text), long.cut_bytes) == (10_000, 10_000_001)


def test_the_last_state_of_a_very_long_progress_bar_is_shown() -> None:
    states = b"".join(b"\r%6d/100000 [done]" % n for n in range(100_000))
    source = store_log(b"start\n" + states)
    line = read_window(source, WindowQuery(is_end=True)).lines[-1]
    assert line.text == " 99999/100000 [done]"
    assert line.updates in (99_999, 100_000)
    assert line.cut_bytes == 0


def test_a_window_of_long_lines_stays_small() -> None:
    source = store_log((b"y" * 9000 + b"\n") * 1500)
    forward = read_window(source, WindowQuery(count=2000))
    end = read_window(source, WindowQuery(is_end=True, count=2000))
    assert forward.first == 1
    assert end.last == 1500
    for window in (forward, end):
        assert sum(len(line.text) for line in window.lines) <= MAX_SHOWN_CHARS


@pytest.mark.parametrize("is_end", [False, True])
def test_a_window_that_is_cut_says_which_lines_it_covers(is_end: bool) -> None:
    source = store_log((b"y" * 9000 + b"\n") * 400)
    query = WindowQuery(
        is_end=is_end, count=400, filter=LogFilter(pattern=LogPattern("y"))
    )
    window = read_window(source, query)
    assert 0 < len(window.lines) < 400
    covered = (window.searched_from, window.searched_to)
    assert covered == (window.first, window.last + 1)


def test_colors_and_tracebacks_reach_into_a_window() -> None:
    data = b"\x1b[31mred\nTraceback (most recent call last):\n" + b"  frame\n" * 9
    window = read_window(store_log(data), WindowQuery(line=5, count=2))
    assert {span.classes for line in window.lines for span in line.spans} == {
        "ansi-red"
    }
    assert all(line.in_traceback for line in window.lines)


def test_a_filter_shows_matching_lines_from_both_ends() -> None:
    data = b"".join(
        b"%s step %d\n" % (b"ERROR" if n % 10 == 0 else b"INFO", n) for n in range(100)
    )
    wanted = LogFilter(frozenset(["error"]), LogPattern("step"))
    source = store_log(data)
    forward = read_window(source, WindowQuery(line=15, count=3, filter=wanted))
    assert [line.number for line in forward.lines] == [21, 31, 41]
    assert (forward.searched_from, forward.searched_to) == (15, 42)
    backward = read_window(source, WindowQuery(is_end=True, count=2, filter=wanted))
    assert [line.number for line in backward.lines] == [81, 91]


STRANGE_LOG = (
    b"first ERROR\n"
    + (b"x" * 5_000_000 + b" needle " + b"y" * 5_000_000 + b"\n")
    + b"\r 1%\r 2% needle\r100%\n" * 40
    + b"\x00\x00\n\xff\xfe needle\n\n\r\n"
    + (b"z" * 300_000 + b"needle\n") * 8
    + b"needle, no end"
)
#: What leads from a window to the next one, or to the one before.
STEPS: dict[str, Callable[[LogWindow], WindowQuery]] = {
    "line": lambda window: WindowQuery(line=window.searched_to),
    "byte": lambda window: WindowQuery(byte=window.stop),
    "since": lambda window: WindowQuery(since=window.stop),
    "before": lambda window: WindowQuery(before=window.searched_from),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("text", ["", "needle"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_paging_shows_each_line_one_time(step: str, text: str, encoding: str) -> None:
    is_wide = encoding == "utf-16"
    source = store_log(
        STRANGE_LOG.decode("latin-1").encode("utf-16") if is_wide else STRANGE_LOG
    )
    lines = STRANGE_LOG.count(b"\n") + 1
    wanted = [
        n for n, line in enumerate(STRANGE_LOG.split(b"\n"), 1) if text.encode() in line
    ]
    more = LogFilter(pattern=LogPattern(text)) if text else LogFilter()
    is_backward = step == "before"
    window = read_window(source, WindowQuery(count=7, filter=more, is_end=is_backward))
    numbers = [line.number for line in window.lines]
    for _ in range(3 * lines):
        if window.searched_from <= 1 if is_backward else window.searched_to > lines:
            break
        window = read_window(source, replace(STEPS[step](window), count=7, filter=more))
        found = [line.number for line in window.lines]
        numbers = found + numbers if is_backward else numbers + found
    assert numbers == wanted


def test_a_follower_of_a_filter_sees_what_matches_of_all_that_came() -> None:
    source = store_log(b"needle 1\n")
    grown = append(source, b"needle 2\n" + b"hay\n" * 5000 + b"needle 3\n")
    more = LogFilter(pattern=LogPattern("needle"))
    query = WindowQuery(since=source.size, is_end=True, count=2, filter=more)
    assert [line.text for line in read_window(grown, query).lines] == [
        "needle 2",
        "needle 3",
    ]
    assert read_window(grown, query).searched_from == 2


def test_a_line_is_in_its_window_however_long_those_above_are() -> None:
    source = store_log((b"x" * 300_000 + b"\n") * 60 + b"2026-11-24 10:00:00 here\n")
    moment = 1795514400000
    for query in (WindowQuery(line=61, above=60), WindowQuery(at=moment, count=240)):
        assert 61 in [line.number for line in read_window(source, query).lines]


def test_a_level_of_a_very_long_line_is_that_of_its_start() -> None:
    long = b"x" * 1_500_000
    source = store_log(b"INFO " + long + b" ERROR \nERROR " + long + b" INFO\n")
    wanted = LogFilter(frozenset(["error"]))
    for query in (WindowQuery(filter=wanted), WindowQuery(is_end=True, filter=wanted)):
        assert [line.number for line in read_window(source, query).lines] == [2]


def test_a_log_that_is_cut_while_it_is_read_is_reported() -> None:
    source = store_log(b"line\n" * 100_000)
    with source.open() as reader:
        os.truncate(files.path(source.blob), 1000)
        with pytest.raises(MissingBytes):
            reader.read(0, 5000)
    with pytest.raises(MissingBytes):
        read_window(source, WindowQuery(is_end=True))


def test_json_lines_have_columns() -> None:
    data = b'{"loss": 0.5, "level": "warning", "time": 1764000000.5, "msg": "a"}\n' * 3
    window = read_window(store_log(data), WindowQuery())
    assert window.columns == ("time", "level", "msg", "loss")
    assert window.lines[0].cells == ("1764000000.5", "warning", "a", "0.5", "")
    assert (window.lines[0].level, window.lines[0].time) == ("warn", 1764000000500)
