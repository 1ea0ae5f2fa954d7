"""Downloads: the files of a run, and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from runs.access import sandbox_response
from runs.http import mark_file_stream
from runs.render.files import DOWNLOAD_TYPE, inline_content_type
from runs.render.run_list import csv_pieces

OpenChunks = Callable[[], Iterator[bytes]]


def send_file(
    request: HttpRequest, name: str, size: int, version: str, pieces: OpenChunks
) -> HttpResponseBase:
    """Send a file as a download; with `?inline=1`, to be shown in a sandbox.

    `pieces` opens the content; it raises MissingBytes before anything is sent.
    """
    etag = f'"{version}"'
    # Types come from a short list, never from the uploader, who could claim any.
    shown = inline_content_type(name) if request.GET.get("inline") else None
    response: HttpResponseBase
    # Checked first, because opening the content can fail or cost time.
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = mark_file_stream(StreamingHttpResponse(pieces()))
        response["Content-Length"] = str(size)
        response["Content-Type"] = shown or DOWNLOAD_TYPE
        response["Content-Disposition"] = content_disposition(name, shown is None)
    response["ETag"] = etag
    # Stored, but checked each time: files can be overwritten, and roles can change.
    response["Cache-Control"] = "private, no-cache"
    return sandbox_response(response)


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
