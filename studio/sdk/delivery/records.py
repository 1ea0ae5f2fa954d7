"""What the records of a spool hold: rows of metrics, bytes of logs, files, requests."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

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
