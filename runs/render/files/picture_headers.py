"""A picture's width and height, of its first bytes: nothing is ever decoded here.

A browser that is given a picture of a hundred megapixels needs hundreds of megabytes
for it; a page asks here before it shows one.
"""

from __future__ import annotations

from collections.abc import Iterator

#: Bytes to read for the size; a JPEG's header can be long.
PICTURE_HEAD_BYTES = 64 * 1024
#: C4, C8 and CC are tables and extensions among the frame markers (ITU T.81, table
#: B.1).
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"\xff\xd8", b"\0\0\1\0")
_MARKERS_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def begins_picture(head: bytes) -> bool:
    """Whether a browser could decode it, by its first bytes. SVG is text."""
    # AVIF and icons, whatever their names end in.
    is_avif = head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis", b"mif1")
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return is_avif or is_webp or head.startswith(_SIGNATURES)


def picture_dimensions(head: bytes) -> tuple[int, int] | None:
    """Width and height; None where the bytes are no PNG, JPEG, GIF, BMP or WebP."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        return _read_number(head[16:20], "big"), _read_number(head[20:24], "big")
    if head.startswith(b"GIF8") and len(head) >= 10:
        return _read_number(head[6:8]), _read_number(head[8:10])
    if head.startswith(b"BM") and len(head) >= 26:
        # A negative height means that the rows are stored from top to bottom.
        return _read_number(head[18:22]), abs(_read_number(head[22:26], signed=True))
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp_size(head)
    if head.startswith(b"\xff\xd8"):
        return next(_jpeg_size(head), None)
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        # VP8X stores sizes minus one in 24 bits and VP8L in 14; VP8 stores them as
        # they are.
        return _read_number(head[24:27]) + 1, _read_number(head[27:30]) + 1
    if kind == b"VP8L" and len(head) >= 25:
        bits = _read_number(head[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(head) >= 30:
        return _read_number(head[26:28]) & 0x3FFF, _read_number(head[28:30]) & 0x3FFF
    return None


def _jpeg_size(head: bytes) -> Iterator[tuple[int, int]]:
    """The segments one after another, to the one that begins a frame (ITU T.81)."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        # Any number of fill bytes FF can precede a marker.
        if marker == 0xFF or marker in _MARKERS_WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            yield (
                # The height comes before the width.
                _read_number(head[at + 7 : at + 9], "big"),
                _read_number(head[at + 5 : at + 7], "big"),
            )
            return
        at += 2 + _read_number(head[at + 2 : at + 4], "big")


def _read_number(data: bytes, order: str = "little", *, signed: bool = False) -> int:
    if order == "big":
        return int.from_bytes(data, "big")
    return int.from_bytes(data, "little", signed=signed)
