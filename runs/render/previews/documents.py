"""What the first and last bytes of PDF and HDF5 files say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runs.render.previews.content import ByteSource, InvalidContent

#: Read of each end of a PDF: the newest table of contents is at the end.
PDF_END_BYTES = 256 * 1024
_COUNT = re.compile(rb"/Type\s*/Pages\b[^>]{0,400}?/Count\s+(\d{1,7})")
_COUNT_FIRST = re.compile(rb"/Count\s+(\d{1,7})[^>]{0,400}?/Type\s*/Pages\b")
_SIZE = re.compile(rb"/MediaBox\s*\[\s*([\d.\s+-]{1,80})\]")
_TITLE = re.compile(rb"/Title\s*\(((?:[^()\\]|\\.){1,300})\)")
_HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class PdfFacts:
    """`pages` is 0 if the count is compressed; `size` in points, or None."""

    version: str
    pages: int
    size: tuple[float, float] | None
    title: str


def read_pdf(source: ByteSource) -> PdfFacts:
    """Read what is not compressed. Raises InvalidContent."""
    head = source.read_at(0, PDF_END_BYTES)
    if not head.startswith(b"%PDF-"):
        raise InvalidContent
    rest = max(len(head), source.size - PDF_END_BYTES)
    text = head + source.read_at(rest, PDF_END_BYTES)
    # Inner nodes of the page tree count the pages of their branch.
    counts = [*_COUNT.findall(text), *_COUNT_FIRST.findall(text)]
    title = _TITLE.search(text)
    return PdfFacts(
        head[5:8].decode("ascii", "replace"),
        max(map(int, counts), default=0),
        _page_size(text),
        _pdf_text(title[1]) if title else "",
    )


def _page_size(text: bytes) -> tuple[float, float] | None:
    found = _SIZE.search(text)
    if found is None:
        return None
    try:
        left, low, right, high = map(float, found[1].split())
    except ValueError:
        return None
    return abs(right - left), abs(high - low)


def _pdf_text(data: bytes) -> str:
    plain = re.sub(rb"\\(.)", rb"\1", data)
    if plain.startswith(b"\xfe\xff"):
        return plain[2:].decode("utf-16-be", "replace")
    return plain.decode("latin-1")


@dataclass(frozen=True)
class Hdf5Facts:
    """`end` is the size that the file should have, in bytes, or 0 if unknown."""

    version: int
    end: int


def read_hdf5(source: ByteSource) -> Hdf5Facts:
    """Read the superblock (HDF5 format, section II.A). Raises InvalidContent."""
    head = source.read_at(0, 96)
    if not head.startswith(_HDF5) or len(head) < 48:
        raise InvalidContent
    version = head[8]
    if version in (0, 1):
        width, start = head[13], 24 if version == 0 else 28
    elif version in (2, 3):
        width, start = head[9], 12
    else:
        return Hdf5Facts(version, 0)
    if width not in (4, 8):
        return Hdf5Facts(version, 0)
    # Base address, the extension or free space, and then the end of the file.
    at = start + 2 * width
    return Hdf5Facts(version, int.from_bytes(head[at : at + width], "little"))
