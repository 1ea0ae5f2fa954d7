"""Each line and byte of a log is found, whatever the log has and however it grows."""

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.storage.files import files
from runs.storage.logs import BLOCK_BYTES, LogReader, extend_line_index, open_log

#: Short lines, long ones, and runs of line ends, around the size of a block.
PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"\n", b"\r\n", b"\0", b"\xff", b"\n" * 70_000]),
    st.integers(0, 3 * BLOCK_BYTES).map(lambda length: b"x" * length),
    st.integers(BLOCK_BYTES - 2, BLOCK_BYTES + 2).map(lambda n: b"y" * n + b"\n"),
)
APPENDS = st.lists(st.lists(PIECES, max_size=4).map(b"".join), min_size=1, max_size=4)


@pytest.fixture(autouse=True, scope="module")
def files_dir(tmp_path_factory: pytest.TempPathFactory) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_root", tmp_path_factory.mktemp("files"))
        yield


def store(data: bytes) -> str:
    blob = files.write([data], len(data))
    files.keep(blob.name)
    return blob.name


def index_of(blob: str) -> Path:
    return files.derived_path(blob, "lines")


def split(data: bytes, end: bytes = b"\n") -> list[bytes]:
    """The lines with their ends."""
    parts = data.split(end)
    return [*(part + end for part in parts[:-1]), *filter(None, parts[-1:])]


def check(reader: LogReader, data: bytes, end: bytes = b"\n") -> None:
    lines = split(data, end)
    starts = [0, *accumulate(map(len, lines))]
    assert reader.line_count == len(lines)
    # Of 70,000 empty lines some are enough.
    for number in {*range(1, min(len(lines), 40) + 1), *range(1, len(lines), 997)}:
        start, stop = starts[number - 1], starts[number]
        assert reader.line_start(number) == start
        assert reader.line_stop(start) == reader.line_stop(stop - 1) == stop
        assert {reader.line_number(at) for at in (start, stop - 1)} == {number}
    assert reader.line_start(len(lines) + 1) == len(data)


@pytest.mark.parametrize("is_indexed_by_append", [True, False])
@settings(max_examples=10, deadline=None)
@given(appends=APPENDS)
def test_lines_are_found_after_each_append(
    appends: list[bytes], is_indexed_by_append: bool
) -> None:
    blob, data = store(b""), b""
    for more in appends:
        with files.open_to_append(blob) as write_at:
            write_at(len(data), more)
        start, data = len(data), data + more
        if is_indexed_by_append:
            extend_line_index(blob, start, len(data))
        with open_log(blob, len(data)) as reader:
            check(reader, data)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_lines_of_utf_16_end_at_whole_units(encoding: str) -> None:
    # These characters have the bytes of a line end, but not as one unit.
    text = "\ufeff" + "a\u0a0a\n\u0100b\n\n" * 20_000 + "last"
    data = text.encode(encoding)
    with open_log(store(data), len(data)) as reader:
        assert reader.line_count == 60_001
        assert reader.line_start(2) == len("\ufeffa\u0a0a\n") * 2
        start = reader.line_start(60_001)
        assert reader.line_number(start) == 60_001
        assert reader.read(start, len(data)).decode(encoding) == "last"


@pytest.mark.parametrize(
    "damage",
    [
        lambda _data: b"",
        lambda data: data[:11],
        lambda data: b"x" + data[1:],
        lambda data: data[:16] + bytes(len(data) - 16),
        lambda data: data[:8] + b"\x05" + data[9:],
        lambda data: data + b"\1\2\3",
    ],
)
def test_a_damaged_index_is_built_again(damage: object) -> None:
    data = b"line\n" * 100_000
    blob = store(data)
    with open_log(blob, len(data)) as reader:
        assert reader.line_count == 100_000
    index_of(blob).write_bytes(damage(index_of(blob).read_bytes()))  # type: ignore[operator]
    with open_log(blob, len(data)) as reader:
        check(reader, data)


def test_an_index_of_other_content_is_built_again() -> None:
    blob, other = store(b"line\n" * 100_000), store(b"longer line\n" * 40_000)
    for name, size in ((blob, 500_000), (other, 480_000)):
        with open_log(name, size) as reader:
            assert reader.line_count
    index_of(blob).replace(index_of(other))
    with open_log(other, 480_000) as reader:
        check(reader, b"longer line\n" * 40_000)


def test_an_append_over_lost_bytes_replaces_their_lines() -> None:
    old = b"one line\n" * 30_000
    blob = store(old)
    with open_log(blob, len(old)) as reader:
        assert reader.line_count == 30_000
    data = old[:100_000] + b"\n" * 200_000
    with files.open_to_append(blob) as write_at:
        write_at(100_000, data[100_000:])
    extend_line_index(blob, 100_000, len(data))
    with open_log(blob, len(data)) as reader:
        check(reader, data)


def test_bytes_after_the_size_are_not_read() -> None:
    with open_log(store(b"one\ntwo\nthree\n"), 6) as reader:
        assert reader.line_count == 2
        assert reader.read(4, 100) == b"tw"


def test_the_index_is_deleted_with_its_blob() -> None:
    blob = store(b"line\n" * 100_000)
    with open_log(blob, 500_000) as reader:
        assert reader.line_count
        assert index_of(blob).exists()
        files.delete(blob)
        assert not index_of(blob).exists()
        # A reader that has it open leaves no index behind.
        reader.__dict__.pop("_records", None)
        assert reader.line_count == 100_000
    assert not index_of(blob).exists()


def test_an_index_is_small() -> None:
    data = b"line\n" * 1_000_000
    blob = store(data)
    with open_log(blob, len(data)) as reader:
        assert reader.line_count
    assert index_of(blob).stat().st_size < len(data) / 5000


def test_pairs_of_lines_touch() -> None:
    data = b"a\r\nb\rc\n\nd"
    with open_log(store(data), len(data)) as reader:
        starts = [reader.line_start(number) for number in range(1, 6)]
    assert [data[a:b] for a, b in pairwise(starts)] == [
        b"a\r\n",
        b"b\rc\n",
        b"\n",
        b"d",
    ]
