"""Stored files as answers: attachments that no browser renders, whole or in part."""

from __future__ import annotations

import re
from urllib.parse import quote

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

from runs.http import mark_file_stream
from runs.models import File
from runs.storage.files import RESPONSE_CHUNK_BYTES, FileChunks, files

_RANGE_HEADER = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?")


def file_response(request: HttpRequest, file: File) -> HttpResponseBase:
    """The file, or the one range of it that the request asks for (206, else 416)."""
    tag = f'"{file.version}"'
    wanted = requested_range(request, file.size, tag)
    if wanted is not None and not wanted:
        return HttpResponse(
            status=416,
            headers={"Content-Range": f"bytes */{file.size}"},
            content_type="application/octet-stream",
        )
    span = wanted or range(file.size)
    answer = content_response(request, file, span)
    answer.status_code = 200 if wanted is None else 206
    answer.headers["Content-Length"] = str(len(span))
    name = quote(file.name, safe="")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = tag
    if wanted is not None:
        answer.headers["Content-Range"] = (
            f"bytes {span.start}-{span.stop - 1}/{file.size}"
        )
    return answer


def requested_range(request: HttpRequest, size: int, tag: str) -> range | None:
    """The bytes asked for; an empty range if there are none, None for all."""
    found = _RANGE_HEADER.fullmatch(request.headers.get("Range", ""))
    if found is None or not (found[1] or found[2]):
        return None
    if request.headers.get("If-Range", tag) != tag:
        return None
    if not found[1]:
        return range(max(0, size - int(found[2])), size)
    last = size - 1 if found[2] is None else int(found[2])
    if last < int(found[1]) and found[2] is not None:
        return None if int(found[1]) < size else range(0)
    return range(int(found[1]), min(last + 1, size))


def content_response(request: HttpRequest, file: File, span: range) -> HttpResponseBase:
    """A small file in one packet, a large one piece by piece."""
    kind = "application/octet-stream"
    # Also for HEAD: a length is announced only where it can be sent.
    source = files.open(file.blob, file.size)
    if request.method == "HEAD":
        source.close()
        return HttpResponse(content_type=kind)
    source.seek(span.start)
    if len(span) > RESPONSE_CHUNK_BYTES:
        # Closed with the answer, even if the client went away before the first piece.
        reader = FileChunks(source, len(span))
        return mark_file_stream(StreamingHttpResponse(reader, content_type=kind))
    with source:
        return HttpResponse(source.read(len(span)), content_type=kind)
