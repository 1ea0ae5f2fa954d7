"""Mark streaming responses whose content comes from files alone.

Most streaming responses read the database while they are sent. A database connection
belongs to one thread, so that thread produces the whole response. A response that reads
stored files alone holds no thread between its chunks.
"""

from __future__ import annotations

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

_FILE_STREAM_ATTRIBUTE = "reads_files_alone"


def mark_file_stream(response: StreamingHttpResponse) -> StreamingHttpResponse:
    """Mark the response: its chunks come from files, never from the database."""
    setattr(response, _FILE_STREAM_ATTRIBUTE, True)
    return response


def is_file_stream(response: HttpResponseBase) -> bool:
    return isinstance(response, FileResponse) or hasattr(
        response, _FILE_STREAM_ATTRIBUTE
    )
