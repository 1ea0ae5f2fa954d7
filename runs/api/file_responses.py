"""Responses with stored files: as attachments, whole or a range."""

from __future__ import annotations

import re
from urllib.parse import quote

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

from runs.http import mark_file_stream, requested_range
from runs.models import File
from runs.render.files import attachment_content_type
from runs.storage.files import RESPONSE_CHUNK_BYTES, FileChunks, files

#: What a quoted file name can't hold, or what clients read as an escape.
_NOT_PLAIN = re.compile(r'[^ -~]|["\\%]')


def file_response(request: HttpRequest, file: File) -> HttpResponseBase:
    """Return the file, or the one range that the request asks for (206 or 416)."""
    tag = f'"{file.version}"'
    requested = requested_range(request, file.size, tag)
    if requested is not None and not requested:
        return HttpResponse(
            status=416,
            headers={"Content-Range": f"bytes */{file.size}"},
            content_type="application/octet-stream",
        )
    span = requested or range(file.size)
    response = content_response(request, file, span)
    response.status_code = 200 if requested is None else 206
    response.headers["Content-Length"] = str(len(span))
    # An uploaded HTML page must not run on the server's origin: browsers save it.
    response.headers["Content-Disposition"] = attachment_header(file.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = tag
    if requested is not None:
        response.headers["Content-Range"] = (
            f"bytes {span.start}-{span.stop - 1}/{file.size}"
        )
    return response


def attachment_header(name: str) -> str:
    """Return the header for a file name: in ASCII for old clients, and in UTF-8."""
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def content_response(request: HttpRequest, file: File, span: range) -> HttpResponseBase:
    """Return a small file in one packet, a large one as a stream."""
    kind = attachment_content_type(file.name)
    # Open it for HEAD too: announce a length only if the bytes exist.
    source = files.open(file.blob, file.size)
    if request.method == "HEAD":
        source.close()
        return HttpResponse(content_type=kind)
    source.seek(span.start)
    if len(span) > RESPONSE_CHUNK_BYTES:
        # Closed with the response, even if the client disconnects before the first
        # chunk.
        reader = FileChunks(source, len(span))
        return mark_file_stream(StreamingHttpResponse(reader, content_type=kind))
    with source:
        return HttpResponse(source.read(len(span)), content_type=kind)
