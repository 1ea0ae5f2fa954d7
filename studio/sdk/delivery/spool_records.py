"""The content of a spool's records: rows of metrics, log pieces, files, requests.

Field names of `StagedFile` and `Request` are stored: spools of older clients have them.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

from studio.core import names
from studio.core.errors import InvalidValue
from studio.sdk.value_conversion import to_wire

#: Before a log piece: its `total`, its `offset`, and the length of its path.
_LOG_HEADER = struct.Struct("<QQH")


@dataclass(frozen=True)
class LogPiece:
    """Bytes of one log.

    `total` counts the bytes that the writer logged before, `offset` those of `path`.
    """

    total: int
    offset: int
    path: str
    data: bytes


def pack_log(piece: LogPiece) -> bytes:
    path = piece.path.encode()
    return _LOG_HEADER.pack(piece.total, piece.offset, len(path)) + path + piece.data


def unpack_log(payload: bytes) -> LogPiece:
    total, offset, length = _LOG_HEADER.unpack_from(payload)
    start = _LOG_HEADER.size
    path = payload[start : start + length].decode()
    return LogPiece(total, offset, path, payload[start + length :])


def log_size(payload: bytes) -> int:
    """The number of log bytes in a record."""
    return len(unpack_log(payload).data)


@dataclass(frozen=True)
class StagedFile:
    """A file to deliver as `path`: a copy or link in `held/`, or the original `source`.

    `size` (bytes) and `changed` (nanoseconds) describe it when it was logged.
    """

    path: str
    held: str
    source: str
    size: int
    changed: int


def pack_file(file: StagedFile) -> bytes:
    return json.dumps(file.__dict__).encode()


def unpack_file(payload: bytes) -> StagedFile:
    return StagedFile(**json.loads(payload))


@dataclass(frozen=True)
class RecordedRequest:
    """A request that was recorded offline. Nothing can follow a failed `essential` one.

    `held` names a file in `held/` that is its body.
    """

    method: str
    path: str
    body: object
    essential: bool = False
    held: str = ""


def pack_request(request: RecordedRequest) -> bytes:
    return json.dumps(request.__dict__, allow_nan=False).encode()


def unpack_request(payload: bytes) -> RecordedRequest:
    return RecordedRequest(**json.loads(payload))


#: The server refuses an integer with more bits.
MAX_BITS = 4096


def check_step(step: object, name: str) -> int:
    """The step of the metric `name` as an integer of 64 bits. Raises InvalidValue."""
    return names.check_int64(step, f"step of {name!r}")


def encode_scalar(value: object) -> str:
    """A scalar as JSON. Raises InvalidValue."""
    if isinstance(value, str):
        return json.dumps(names.check_value(value, "value"))
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return json.dumps(to_wire(float(value)))
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise InvalidValue(f"value has more than {MAX_BITS} bits", field="value")
        return str(int(value))
    raise InvalidValue(
        f"value must be a number, text, a boolean or None, not {type(value).__name__}",
        field="value",
    )


def encode_item(value: object) -> str:
    """A scalar, object or list as JSON. Raises InvalidValue."""
    if not isinstance(value, (dict, list, tuple)):
        return encode_scalar(value)
    try:
        # `to_wire` copies the whole value, which only NaN and infinity need.
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = json.dumps(to_wire(value), allow_nan=False)
    except TypeError as error:
        raise InvalidValue(f"value cannot be kept: {error}", field="value") from error
    if len(text) > names.MAX_ITEM_BYTES:
        raise InvalidValue(
            f"value has {len(text)} bytes; at most {names.MAX_ITEM_BYTES} are allowed",
            field="value",
        )
    return text
