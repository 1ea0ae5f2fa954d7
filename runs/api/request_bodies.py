"""Read request bodies in chunks, never more than the limit.

The web server has received the whole body and announces its length, for chunked ones
too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext as _

from studio.core.errors import InvalidRequest, TooLarge

CHUNK_BYTES = 256 * 1024
#: zlib's window bits for a gzip stream with its header.
_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS


def announced_length(request: HttpRequest) -> int:
    """Return the body's length from the Content-Length header."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise InvalidRequest(_("Content-Length must be a whole number."))
    return int(text)


def read_chunks(request: HttpRequest, *, limit: int) -> Iterator[bytes]:
    """Yield the body in chunks.

    Raises TooLarge above `limit` bytes, before reading if the header announces it, and
    InvalidRequest if the connection ended before the announced length.
    """
    length = announced_length(request)
    if length > limit:
        raise body_too_large(limit)
    read = 0
    while chunk := request.read(CHUNK_BYTES):
        read += len(chunk)
        yield chunk
    # Otherwise half a file would be stored as if it were whole.
    if read < length:
        raise InvalidRequest(
            _("The request body ended after %(read)s of %(length)s bytes.")
            % {"read": read, "length": length}
        )


def read_body(request: HttpRequest, *, limit: int) -> bytes:
    """Return the whole body; raise like `read_chunks`."""
    return b"".join(read_chunks(request, limit=limit))


def read_decompressed_body(request: HttpRequest, *, limit: int) -> bytes:
    """Return the whole body, decompressed if it is gzip; raise like `read_chunks`."""
    content = read_body(request, limit=limit)
    if request.headers.get("Content-Encoding", "identity").lower() != "gzip":
        return content
    unpacker = zlib.decompressobj(_GZIP_WINDOW_BITS)
    try:
        # The output is limited, because a few kilobytes of gzip can unpack to
        # gigabytes.
        plain = unpacker.decompress(content, limit + 1)
    except zlib.error as error:
        raise InvalidRequest(
            _("The request body is not valid gzip: %(error)s") % {"error": error}
        ) from error
    if len(plain) > limit:
        raise body_too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidRequest(
            _(
                "The gzip data of the request body is incomplete, or "
                "other data follows it."
            )
        )
    return plain


def body_too_large(limit: int) -> TooLarge:
    return TooLarge(
        _("The request body is too large. The maximum is %(limit)s bytes.")
        % {"limit": limit},
        limit=limit,
    )
