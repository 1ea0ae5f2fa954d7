"""How an answer that is sent piece by piece is produced.

Most such answers read the database while they are sent, and a database's connection
belongs to one thread: that thread produces all of it, at its own speed. One that reads
stored files alone holds no thread between its pieces.
"""

from __future__ import annotations

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

_MARK = "reads_files_alone"


def from_files(response: StreamingHttpResponse) -> StreamingHttpResponse:
    """Mark the answer: its pieces come from files, never from the database."""
    setattr(response, _MARK, True)
    return response


def is_from_files(response: HttpResponseBase) -> bool:
    return isinstance(response, FileResponse) or hasattr(response, _MARK)
