"""A CSV file that is sent while it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import StreamingHttpResponse

from runs.pages.requests.raw_files import disposition
from runs.render.run_list.csv_rows import csv_pieces


def csv_answer(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    """A download called `name`."""
    answer = StreamingHttpResponse(
        csv_pieces(rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = disposition(name, True)
    return answer
