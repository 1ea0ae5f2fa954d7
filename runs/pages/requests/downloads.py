"""Downloads: the files of a run, and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from runs.access import sandbox_response
from runs.http import mark_file_stream
from runs.render.files import DOWNLOAD_TYPE, inline_type
from runs.render.run_list import csv_pieces

Pieces = Callable[[], Iterator[bytes]]


def send_raw(
    request: HttpRequest, name: str, size: int, version: str, pieces: Pieces
) -> HttpResponseBase:
    """A download, or shown in a sandbox where asked (`?inline=1`).

    `pieces` opens the content; it raises MissingBytes before anything is sent.
    """
    etag = f'"{version}"'
    shown = inline_type(name) if request.GET.get("inline") else None
    answer: HttpResponseBase
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponse(status=304)
    else:
        answer = mark_file_stream(StreamingHttpResponse(pieces()))
        answer["Content-Length"] = str(size)
        answer["Content-Type"] = shown or DOWNLOAD_TYPE
        answer["Content-Disposition"] = disposition(name, shown is None)
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return sandbox_response(answer)


def disposition(name: str, as_attachment: bool) -> str:
    return content_disposition_header(as_attachment, name) or "inline"


def csv_response(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    """A download called `name`."""
    answer = StreamingHttpResponse(
        csv_pieces(rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = disposition(name, True)
    return answer
