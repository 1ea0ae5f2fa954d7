"""Calls of the WSGI application, in a worker thread or in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from django.http import HttpResponseBase

from runs.http import is_file_stream
from runs.management.web.response_buffer import BufferDiscarded, ResponseBuffer
from runs.management.web.response_sender import (
    FileChunks,
    Headers,
    Response,
    read_chunk,
)

Application = Callable[..., HttpResponseBase]


class DjangoCall:
    """One call in a thread. The response can be ready before the thread is free."""

    def __init__(
        self,
        application: Application,
        environ: dict[str, Any],
        readers: ThreadPoolExecutor,
    ) -> None:
        self.application = application
        self.environ = environ
        self.readers = readers
        self.loop = asyncio.get_running_loop()
        self.response_future: asyncio.Future[Response] = self.loop.create_future()

    async def run(self, pool: Executor, when_free: Callable[[], None]) -> Response:
        running = self.loop.run_in_executor(pool, self._call_django)

        def on_thread_free(done: asyncio.Future[Response]) -> None:
            when_free()
            error = None if done.cancelled() else done.exception()
            if self.response_future.done():
                # A streaming response: its sender gets the error from the buffer.
                return
            if error is not None:
                self.response_future.set_exception(error)
            elif done.cancelled():
                self.response_future.cancel()
            else:
                self.response_future.set_result(done.result())

        running.add_done_callback(on_thread_free)
        return await self.response_future

    def _call_django(self) -> Response:
        status, headers, django_response = start_call(self.application, self.environ)
        if self.environ["REQUEST_METHOD"] == "HEAD":
            django_response.close()
            return Response(status, headers)
        if not django_response.streaming:
            return with_content_length(status, headers, read_body(django_response))
        chunks: Iterator[bytes] = iter(django_response)
        if is_file_stream(django_response):
            return self._start_file_response(
                Response(status, headers), django_response, chunks
            )
        buffer = ResponseBuffer(self.loop, self.readers)
        response = Response(status, headers, buffer=buffer)
        self.loop.call_soon_threadsafe(self._set_response, response)
        write_stream_to_buffer(buffer, django_response, chunks)
        return response

    def _start_file_response(
        self,
        response: Response,
        django_response: HttpResponseBase,
        chunks: Iterator[bytes],
    ) -> Response:
        """Read a small file completely; the rest of a large one is read on demand."""
        try:
            response.body, is_all = read_chunk(chunks)
        except BaseException:
            django_response.close()
            raise
        if is_all:
            django_response.close()
        else:
            response.file_chunks = FileChunks(chunks, django_response.close)
        return response

    def _set_response(self, response: Response) -> None:
        if not self.response_future.done():
            self.response_future.set_result(response)


def write_stream_to_buffer(
    buffer: ResponseBuffer, django_response: HttpResponseBase, chunks: Iterator[bytes]
) -> None:
    """Write the stream into the buffer, in the thread of its database connection."""
    try:
        for chunk in chunks:
            buffer.add(chunk)
        buffer.finish()
    except BufferDiscarded as error:
        # The client left, which is no error of this call.
        buffer.finish(error)
    except BaseException as error:
        buffer.finish(error)
        raise
    finally:
        django_response.close()


def call_in_event_loop(application: Application, environ: dict[str, Any]) -> Response:
    """Call Django in the event loop, where it can't query the database."""
    status, headers, django_response = start_call(application, environ)
    return with_content_length(status, headers, read_body(django_response))


def with_content_length(status: int, headers: Headers, body: bytes) -> Response:
    """Set Content-Length where it is missing, so that the response is not chunked."""
    if body and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(body)).encode()))
    return Response(status, headers, body)


def start_call(
    application: Application, environ: dict[str, Any]
) -> tuple[int, Headers, HttpResponseBase]:
    started: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        # PEP 3333: these texts are bytes in latin-1.
        encoded = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        started.append((int(status[:3]), encoded))

    django_response = application(environ, start_response)
    return *started[0], django_response


def read_body(django_response: HttpResponseBase) -> bytes:
    try:
        return b"".join(django_response)
    finally:
        django_response.close()
