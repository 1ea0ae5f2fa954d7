"""The WSGI application that the web processes serve.

Django reads a request's body by its Content-Length alone. Clients also send chunked
bodies (MLflow's do for empty files), and the server hands those over already taken
apart, so they are read to their end here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponseBase
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings.base")

#: How long a refused upload is still read, so that its sender sees the answer.
DRAIN_SECONDS = 5.0
PIECE = 256 * 1024


class Request(WSGIRequest):
    """A request whose body may come without Content-Length."""

    _read_started: bool

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self.chunked = _is_chunked(environ)
        if self.chunked:
            self._stream = environ["wsgi.input"]

    @property
    def body(self) -> bytes:
        # Django checks its limit by Content-Length, which a chunked body lacks.
        if self.chunked and not hasattr(self, "_body") and not self._read_started:
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            self._body = _read_limited(self._stream, limit)
            self._stream = BytesIO(self._body)
        return super().body


def _is_chunked(environ: dict[str, Any]) -> bool:
    coding = environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    return coding == "chunked" and bool(environ.get("wsgi.input_terminated"))


def _read_limited(stream: Any, limit: int) -> bytes:
    pieces: list[bytes] = []
    left = limit
    while piece := stream.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise RequestDataTooBig(f"The request's body is over {limit} bytes.")
        pieces.append(piece)
    return b"".join(pieces)


class Handler(WSGIHandler):
    request_class = Request

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> HttpResponseBase:
        answer = super().__call__(environ, start_response)
        has_body = environ.get("CONTENT_LENGTH") not in (None, "", "0")
        # A stranger who announces a body and sends none would hold the thread.
        if environ.get("studio.known_caller") and (has_body or _is_chunked(environ)):
            _drain(environ["wsgi.input"])
        return answer


def _drain(stream: Any) -> None:
    """Read what the view left: else the connection breaks before the answer is seen."""
    end = time.monotonic() + DRAIN_SECONDS
    while stream.read(PIECE) and time.monotonic() < end:
        pass


django.setup(set_prefix=False)
application = Handler()
# Every view is imported now: a process that cannot serve ends here, where it is
# noticed, and nobody's first request waits.
_views = get_resolver().url_patterns
