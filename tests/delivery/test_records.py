"""The JSON of what is logged, and the records that a spool holds."""

from __future__ import annotations

import math
from typing import Any

import pytest

from studio.core import names
from studio.core.errors import InvalidValue
from studio.sdk.delivery.records import (
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


def test_records_round_trip() -> None:
    piece = LogPiece(7, 3, "logs/数.txt", b"abc")
    assert unpack_log(pack_log(piece)) == piece
    assert log_size(pack_log(piece)) == 3
    file = StagedFile("model", "f1", "/tmp/model", 4, 5)
    assert unpack_file(pack_file(file)) == file
    request = RecordedRequest("PUT", "runs/r1", {"a": [1]}, essential=True, held="s1")
    assert unpack_request(pack_request(request)) == request
