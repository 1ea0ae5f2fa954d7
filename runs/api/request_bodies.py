"""Request bodies read in pieces, never more than was allowed.

The server received them whole and says how long they are, chunked ones too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from django.http import HttpRequest

from studio.core.errors import InvalidRequest, TooLarge

CHUNK_BYTES = 256 * 1024
#: What zlib calls a gzip stream with its header.
_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS


def announced_length(request: HttpRequest) -> int:
    """The body's length as its header says."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise InvalidRequest("Content-Length must be a whole number")
    return int(text)


def read_chunks(request: HttpRequest, *, limit: int) -> Iterator[bytes]:
    """The body, piece by piece.

    Raises TooLarge beyond `limit` bytes, before reading where the header tells, and
    InvalidRequest when the connection ended before the announced length.
    """
    length = announced_length(request)
    if length > limit:
        raise body_too_large(limit)
    read = 0
    while piece := request.read(CHUNK_BYTES):
        read += len(piece)
        yield piece
    if read < length:
        raise InvalidRequest(f"The body ended after {read} of {length} bytes")


def read_body(request: HttpRequest, *, limit: int) -> bytes:
    """The body in one piece; raises like `pieces`."""
    return b"".join(read_chunks(request, limit=limit))


def read_decompressed_body(request: HttpRequest, *, limit: int) -> bytes:
    """The body in one piece, unpacked where it came by gzip; raises like `pieces`."""
    content = read_body(request, limit=limit)
    if request.headers.get("Content-Encoding", "identity").lower() != "gzip":
        return content
    unpacker = zlib.decompressobj(_GZIP_WINDOW_BITS)
    try:
        plain = unpacker.decompress(content, limit + 1)
    except zlib.error as error:
        raise InvalidRequest(f"The body is no gzip: {error}") from error
    if len(plain) > limit:
        raise body_too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidRequest("The gzip of the body ends too early or too late")
    return plain


def body_too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The body is larger than the {limit} bytes that are allowed", limit=limit
    )
