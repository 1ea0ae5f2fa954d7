"""The outline of a log: kept, continued, and the same however often it was read."""

from __future__ import annotations

import pytest

from runs.search.logs import LogOutline, read_outline
from runs.storage.files import files
from tests.search.logs.log_files import append, log_folder, store_log

__all__ = ["log_folder"]
pytestmark = pytest.mark.usefixtures("log_folder")

TRACEBACK = b"""\
Traceback (most recent call last):
  File "train.py", line 1, in <module>
    main()
ValueError: wrong %d
"""
FILLER = b"2026-11-24 10:00:00 INFO step\n" * 50_000


def found(outline: LogOutline) -> list[tuple[int, int, str, str]]:
    return [(t.first, t.last, t.name, t.message) for t in outline.tracebacks]


def test_tracebacks_and_levels_of_a_large_log() -> None:
    data = FILLER + TRACEBACK % 1 + b"WARNING: low\n" + FILLER + TRACEBACK % 2
    outline = read_outline(store_log(data))
    first, second = 50_001, 100_006
    assert found(outline) == [
        (first, first + 3, "ValueError", "wrong 1"),
        (second, second + 3, "ValueError", "wrong 2"),
    ]
    assert outline.levels == {"warn": first + 4, "info": 1}
    assert (outline.total, outline.is_done) == (100_009, True)


def test_a_growing_log_has_the_outline_of_its_whole() -> None:
    data = (
        TRACEBACK % 1 + FILLER + b"ERROR: bad\n" + TRACEBACK % 2 + b"\n" + TRACEBACK % 3
    )
    source = store_log(b"")
    for start in range(0, len(data), len(data) // 7):
        source = append(source, data[start : start + len(data) // 7])
        read_outline(source)
    assert read_outline(source) == read_outline(store_log(data))


def test_an_outline_is_read_in_several_requests() -> None:
    source = store_log(FILLER * 3 + TRACEBACK % 1)
    outlines = [read_outline(source, seconds=0)]
    while not outlines[-1].is_done:
        outlines.append(read_outline(source, seconds=0))
    assert len(outlines) > 1
    assert found(outlines[-1]) == [(150_001, 150_004, "ValueError", "wrong 1")]


def test_an_outline_stops_between_two_tracebacks_of_a_chunk() -> None:
    data = (TRACEBACK % 1 + b"end\n") * 3 + b"WARNING: low\n"
    source = store_log(data)
    outlines = [read_outline(source, seconds=0) for _ in range(4)]
    assert [each.traceback_count for each in outlines] == [1, 2, 3, 3]
    assert outlines[-1] == read_outline(store_log(data))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 0}'])
def test_a_damaged_outline_is_read_again(damage: bytes) -> None:
    source = store_log(TRACEBACK % 1 + b"end\n")
    before = read_outline(source)
    files.derived_path(source.blob, "outline").write_bytes(damage)
    assert read_outline(source) == before


def test_an_outline_of_other_content_is_read_again() -> None:
    old, new = (
        store_log(TRACEBACK % 1 + b"end\n"),
        store_log(TRACEBACK % 2 + b"end 2\n"),
    )
    for each in (old, new):
        read_outline(each)
    paths = [files.derived_path(each.blob, "outline") for each in (old, new)]
    paths[0].replace(paths[1])
    assert found(read_outline(new)) == [(1, 4, "ValueError", "wrong 2")]
