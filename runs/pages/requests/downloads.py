"""Downloads: the files of a run, and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from runs.access import isolate_document, sandbox_response
from runs.http import has_current_copy, mark_file_stream, requested_range
from runs.models import File
from runs.render.files import DOWNLOAD_TYPE, PDF_TYPE, inline_content_type
from runs.render.run_list import csv_pieces
from runs.storage.files import files


@dataclass(frozen=True)
class SentFile:
    """A file to send; `size` in bytes, `version` changes with the bytes.

    `open_span` opens a part of the content. It raises MissingBytes before anything is
    sent. Without `has_ranges` it is only called for the whole content.
    """

    name: str
    size: int
    version: str
    open_span: Callable[[range], Iterator[bytes]]
    has_ranges: bool = True
    content_type: str = DOWNLOAD_TYPE


def sent_file(file: File) -> SentFile:
    opened = partial(files.read_span, file.blob, file.size)
    return SentFile(file.name, file.size, file.version, opened)


def send_file(request: HttpRequest, file: SentFile) -> HttpResponseBase:
    """Send a file or a range of it as a download; with `?inline=1`, in a sandbox."""
    etag = f'"{file.version}"'
    response: HttpResponseBase
    # Checked first, because opening the content can fail or cost time.
    if has_current_copy(request, etag):
        response = HttpResponse(status=304)
    else:
        response = _content_response(request, file, etag)
    response["ETag"] = etag
    # Stored, but checked each time: files can be overwritten, and roles can change.
    response["Cache-Control"] = "private, no-cache"
    if file.has_ranges:
        response["Accept-Ranges"] = "bytes"
    is_document = response.headers.get("Content-Type") == PDF_TYPE
    return isolate_document(response) if is_document else sandbox_response(response)


def _content_response(
    request: HttpRequest, file: SentFile, etag: str
) -> HttpResponseBase:
    span = requested_range(request, file.size, etag) if file.has_ranges else None
    if span is not None and not span:
        bounds = {"Content-Range": f"bytes */{file.size}"}
        return HttpResponse(status=416, headers=bounds, content_type=DOWNLOAD_TYPE)
    # Types come from a short list, never from the uploader, who could claim any.
    shown = inline_content_type(file.name) if request.GET.get("inline") else None
    pieces = file.open_span(range(file.size) if span is None else span)
    response = mark_file_stream(StreamingHttpResponse(pieces))
    response["Content-Type"] = shown or file.content_type
    response["Content-Disposition"] = content_disposition(file.name, shown is None)
    response["Content-Length"] = str(file.size if span is None else len(span))
    if span is not None:
        response.status_code = 206
        last = span.stop - 1
        response["Content-Range"] = f"bytes {span.start}-{last}/{file.size}"
    return response


def content_disposition(name: str, as_attachment: bool) -> str:
    # Django returns None for an inline file without a name.
    return content_disposition_header(as_attachment, name) or "inline"


def csv_response(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    """Send rows as a CSV file named `name`."""
    response = StreamingHttpResponse(
        csv_pieces(rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = content_disposition(name, True)
    return response
