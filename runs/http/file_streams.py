"""How an answer that is sent piece by piece is produced.

Most such answers read the database while they are sent, and a database's connection
belongs to one thread: that thread produces all of it, at its own speed. One that reads
stored files alone holds no thread between its pieces.
"""

from __future__ import annotations

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

_FILE_STREAM_ATTRIBUTE = "reads_files_alone"


def mark_file_stream(response: StreamingHttpResponse) -> StreamingHttpResponse:
    """Mark the answer: its pieces come from files, never from the database."""
    setattr(response, _FILE_STREAM_ATTRIBUTE, True)
    return response


def is_file_stream(response: HttpResponseBase) -> bool:
    return isinstance(response, FileResponse) or hasattr(
        response, _FILE_STREAM_ATTRIBUTE
    )
