"""The one format of the spool's files: records with their length and checksum.

    <length: 4 bytes><CRC-32 of the payload: 4 bytes><payload>      little-endian

A script that is killed in the middle of a write leaves a record that is too short or
whose checksum differs; readers end there.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

HEADER = struct.Struct("<II")
SIZE = HEADER.size
#: A longer one is no record: the bytes before it were damaged.
MAX_PAYLOAD = 64 * 1024 * 1024

_pack, _crc = HEADER.pack, zlib.crc32


def frame(payload: bytes) -> bytes:
    return _pack(len(payload), _crc(payload)) + payload


def read_frames(data: bytes, *, most: int = 1 << 60) -> tuple[Sequence[bytes], int]:
    """Up to `most` payloads, and where the next record begins.

    Ends before what is no whole record.
    """
    payloads: list[bytes] = []
    take, unpack = payloads.append, HEADER.unpack_from
    at, end = 0, len(data)
    while most > 0 and at + SIZE <= end:
        length, checksum = unpack(data, at)
        stop = at + SIZE + length
        # Zeros, which a power failure leaves at a file's end, would be a record of
        # no bytes with the right checksum.
        if not length or stop > end or length > MAX_PAYLOAD:
            break
        payload = data[at + SIZE : stop]
        if _crc(payload) != checksum:
            break
        at = stop
        take(payload)
        most -= 1
    return payloads, at
