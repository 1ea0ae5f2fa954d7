"""The JSON of what is logged, and the records that a spool holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core import names
from studio.core.errors import InvalidValue, StudioError
from studio.sdk.delivery import writer as module
from studio.sdk.delivery.spool_records import (
    MAX_BITS,
    LogPiece,
    RecordedRequest,
    StagedFile,
    encode_item,
    encode_scalar,
    log_size,
    pack_file,
    pack_log,
    pack_request,
    unpack_file,
    unpack_log,
    unpack_request,
)
from studio.sdk.delivery.writer import Writer
from tests.delivery.fake_client import Fake


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (math.nan, '"NaN"'),
        (math.inf, '"Infinity"'),
        (-math.inf, '"-Infinity"'),
        (7, "7"),
        (True, "true"),
        (None, "null"),
        ('a"b', '"a\\"b"'),
        (2**MAX_BITS - 1, str(2**MAX_BITS - 1)),
    ],
)
def test_a_scalar_is_encoded_as_json(value: Any, text: str) -> None:
    assert encode_scalar(value) == text
    assert encode_item(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, 2], "[1, 2]"),
        ((1, "a"), '[1, "a"]'),
        ({"x": 1}, '{"x": 1}'),
        ({"x": [math.nan]}, '{"x": ["NaN"]}'),
    ],
)
def test_a_list_or_an_object_is_encoded_as_json(value: Any, text: str) -> None:
    assert encode_item(value) == text


@pytest.mark.parametrize(
    "value", [2**MAX_BITS, b"bytes", object(), [1], "x" * (names.MAX_VALUE_BYTES + 1)]
)
def test_nonscalar_values_are_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        encode_scalar(value)


def test_an_item_has_a_maximum_size() -> None:
    largest = "x" * (names.MAX_ITEM_BYTES - 4)
    assert len(encode_item([largest])) == names.MAX_ITEM_BYTES
    for value in ([largest + "x"], {"x": {1, 2}}):
        with pytest.raises(InvalidValue):
            encode_item(value)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    client: Any = Fake()
    writer = Writer.open(client, "r1", root=tmp_path, offline=True)
    yield writer
    writer.close()


def rows(writer: Writer) -> list[Any]:
    _, payloads = writer.sender.rows.read(100, 1 << 20)
    return [json.loads(payload) for payload in payloads]


INT64 = 2**63


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (-math.inf, '"-Infinity"'),
        (INT64 - 1, str(INT64 - 1)),
        (-INT64, str(-INT64)),
        (INT64, str(INT64)),
        (True, "true"),
        (np.float64(0.5), "0.5"),
    ],
)
def test_a_point_is_a_row_of_json(writer: Writer, value: Any, text: str) -> None:
    for _ in range(2):
        writer.add_point("loss", value, 3, 1_700_000_000_000)
    row = f'["loss",{text},3,1700000000000]'.encode()
    assert writer.sender.rows.read(9, 1 << 20) == (0, [row, row])


@pytest.mark.parametrize("step", [INT64 - 1, -INT64, 0, None])
def test_a_step_is_an_integer_of_64_bits(writer: Writer, step: Any) -> None:
    writer.add_point("loss", 1, step)
    assert rows(writer)[0][2] == step


@pytest.mark.parametrize("step", [INT64, -INT64 - 1, 0.5, "1"])
def test_another_step_is_refused(writer: Writer, step: Any) -> None:
    for add in (
        lambda: writer.add_point("loss", 1, step),
        lambda: writer.add_item("plot", "image", "a.png", step),
    ):
        with pytest.raises(StudioError):
            add()
    assert writer.waiting == 0


@pytest.mark.parametrize("name", ["", "k" * 256, "a\x00b"])
def test_a_bad_name_is_refused(writer: Writer, name: str) -> None:
    with pytest.raises(StudioError):
        writer.add_point(name, 1)
    with pytest.raises(StudioError):
        writer.add_item(name, "image", "a.png")
    assert writer.waiting == 0


@pytest.mark.parametrize(
    ("time_ms", "stored"),
    [(-1, 0), (0, 0), (names.MAX_TIME, names.MAX_TIME), (2**62, names.MAX_TIME)],
)
def test_a_time_out_of_range_is_the_nearest_that_the_server_takes(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, time_ms: int, stored: int
) -> None:
    writer.add_point("loss", 1, None, time_ms)
    monkeypatch.setattr(module, "_now", lambda: time_ms / 1000)
    writer.add_item("plot", "image", "a.png")
    assert [row[3] for row in rows(writer)] == [stored, pytest.approx(stored)]


@pytest.mark.parametrize(
    ("kind", "value", "values"),
    [
        ("list", [1, 2.5], [1, 2.5]),
        ("table", [{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 2}]),
        ("table", {"x": 1}, [{"x": 1}]),
        ("image", "a.png", ["a.png"]),
        ("confusion_matrix", [[1, 2], [3, 4]], [[[1, 2], [3, 4]]]),
    ],
)
def test_elements_and_rows_become_points_of_their_own(
    writer: Writer, kind: str, value: Any, values: list[Any]
) -> None:
    for step in (4, None):
        writer.add_item("shown", kind, value, step)
    assert [[*row[:3], row[4]] for row in rows(writer)] == [
        ["shown", one, step, kind] for step in (4, None) for one in values
    ]


def test_names_beyond_the_cache_are_still_right(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CACHED_NAMES", 2)
    logged = ["a", "b", "c", "a", 'd"', "c"]
    for name in logged:
        writer.add_point(name, 1)
    assert [row[0] for row in rows(writer)] == logged
    assert len(writer._row_prefixes) <= 2


def test_a_closed_writer_refuses_everything(writer: Writer, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"weights")
    writer.close()
    for add in (
        lambda: writer.add_point("loss", 1),
        lambda: writer.add_item("plot", "image", "a.png"),
        lambda: writer.append_log("logs/a.txt", b"late"),
        lambda: writer.record_request("POST", "runs/r1/tags", {}),
        lambda: writer.add_file(tmp_path / "model", "model"),
    ):
        with pytest.raises(StudioError, match="was closed"):
            add()


def test_records_round_trip() -> None:
    piece = LogPiece(7, 3, "logs/数.txt", b"abc")
    assert unpack_log(pack_log(piece)) == piece
    assert log_size(pack_log(piece)) == 3
    file = StagedFile("model", "f1", "/tmp/model", 4, 5)
    assert unpack_file(pack_file(file)) == file
    request = RecordedRequest("PUT", "runs/r1", {"a": [1]}, essential=True, held="s1")
    assert unpack_request(pack_request(request)) == request
