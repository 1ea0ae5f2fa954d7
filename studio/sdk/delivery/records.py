"""What the records of a spool hold: rows of metrics, bytes of logs, files, requests."""

from __future__ import annotations

import contextlib
import json
import struct
from dataclasses import dataclass
from typing import Any

from studio.core import names
from studio.core.errors import InvalidValue
from studio.sdk.answers import to_wire

#: Of a log: all bytes logged before it, those of its path, and the path's length.
_LOG = struct.Struct("<QQH")


@dataclass(frozen=True)
class LogPiece:
    """`total` counts all that the writer logged before it, `offset` what of `path`."""

    total: int
    offset: int
    path: str
    data: bytes


def pack_log(piece: LogPiece) -> bytes:
    path = piece.path.encode()
    return _LOG.pack(piece.total, piece.offset, len(path)) + path + piece.data


def unpack_log(payload: bytes) -> LogPiece:
    total, offset, length = _LOG.unpack_from(payload)
    start = _LOG.size
    path = payload[start : start + length].decode()
    return LogPiece(total, offset, path, payload[start + length :])


def log_size(payload: bytes) -> int:
    """How many bytes of a log are in a record."""
    return len(unpack_log(payload).data)


@dataclass(frozen=True)
class HeldFile:
    """A file to deliver as `path`: a copy or link in `held/`, or where it was found.

    `size` and `changed` (nanoseconds) say what it was like when it was logged.
    """

    path: str
    held: str
    source: str
    size: int
    changed: int


def pack_file(file: HeldFile) -> bytes:
    return json.dumps(file.__dict__).encode()


def unpack_file(payload: bytes) -> HeldFile:
    return HeldFile(**json.loads(payload))


@dataclass(frozen=True)
class Request:
    """A request of offline mode. Without an `essential` one nothing else can follow.

    `held` names a file in `held/` that is its body.
    """

    method: str
    path: str
    body: object
    essential: bool = False
    held: str = ""


def pack_request(request: Request) -> bytes:
    return json.dumps(request.__dict__, allow_nan=False).encode()


def unpack_request(payload: bytes) -> Request:
    return Request(**json.loads(payload))


#: A number with more bits is refused by the server.
MAX_BITS = 4096


def whole_step(step: object, name: str) -> int:
    """Of the metric `name`. Raises InvalidValue."""
    return names.check_int64(step, f"step of {name!r}")


def spelled(value: object) -> str:
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


def spelled_item(value: object) -> str:
    if not isinstance(value, (dict, list, tuple)):
        return spelled(value)
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), allow_nan=False)
    except TypeError as error:
        raise InvalidValue(f"value cannot be kept: {error}", field="value") from error
    if len(text) > names.MAX_ITEM_BYTES:
        raise InvalidValue(
            f"value has {len(text)} bytes; at most {names.MAX_ITEM_BYTES} are allowed",
            field="value",
        )
    return text


def _finite(value: Any) -> Any:
    """With NaN and the infinities by their names, at any depth."""
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    with contextlib.suppress(TypeError):
        return to_wire(value)
    return value
