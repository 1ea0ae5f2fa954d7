"""Send a response to a client at the client's speed.

Nothing here holds a worker thread or much memory. What a slow client has not read is in
a file, or is not produced yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from runs.management.web.connection import Connection
from runs.management.web.response_buffer import ResponseBuffer

#: How much of a file is held for a client that does not read.
CHUNK_BYTES = 64 * 1024
#: Of a client that has read much already: each chunk costs two changes of the thread.
LARGE_CHUNK_BYTES = 256 * 1024
MANY_BYTES = 4 * 1024 * 1024
#: How much of a page is held in memory for a client that does not read.
MAX_UNREAD = 256 * 1024

Headers = list[tuple[bytes, bytes]]
Send = Callable[[dict[str, Any]], Any]


class BrokenResponse(Exception):
    """The client went away, or what it was sent could not be completed."""


@dataclass(frozen=True)
class FileChunks:
    """Chunks that are read from open files, and the function that closes them."""

    chunks: Iterator[bytes]
    close: Callable[[], object]


@dataclass
class Response:
    """Django's response: `body`, followed by chunks of files or of a buffer."""

    status: int
    headers: Headers
    body: bytes = b""
    file_chunks: FileChunks | None = None
    buffer: ResponseBuffer | None = None


class ResponseSender:
    """Sends one response over one connection."""

    def __init__(
        self, connection: Connection, send: Send, readers: ThreadPoolExecutor
    ) -> None:
        self.connection = connection
        self._asgi_send = send
        self.readers = readers
        self.has_begun = False
        #: Of the response that was begun.
        self.status: int | None = None

    async def send(self, response: Response, *, ends_body: bool = True) -> None:
        """Send everything; without `ends_body` the caller calls `end`.

        Raises BrokenResponse.
        """
        if response.file_chunks is not None:
            await self._stream_chunks(
                response, self._from_files(response, response.file_chunks)
            )
        elif response.buffer is not None:
            try:
                await self._stream_chunks(response, response.buffer.chunks())
            finally:
                response.buffer.discard()
        else:
            await self._send_bytes(response, ends_body=ends_body)

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def _send(self, message: dict[str, Any]) -> None:
        if self.connection.is_closed:
            raise BrokenResponse
        await self._asgi_send(message)

    async def _begin_response(self, response: Response) -> None:
        self.has_begun, self.status = True, response.status
        start = {"type": "http.response.start", "status": response.status}
        await self._send({**start, "headers": response.headers})

    async def _send_chunk(self, chunk: bytes | memoryview) -> None:
        """Send a chunk, and wait until the client has read most of it."""
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        self.connection.written += len(chunk)
        await self._send(message)
        await self.connection.wait_until_writable()
        if self.connection.is_lost:
            raise BrokenResponse

    async def _stream_chunks(
        self, response: Response, chunks: AsyncIterator[bytes]
    ) -> None:
        async with aclosing(chunks) as chunks:  # type: ignore[type-var]
            # The first chunk comes before the status: it may still be an error.
            first = await anext(chunks, b"")
            await self._begin_response(response)
            if first:
                await self._send_chunk(first)
            # A client can take long to read the rest: free the memory.
            del first
            async for chunk in chunks:
                await self._send_chunk(chunk)
        await self.end()

    async def _from_files(
        self, response: Response, file_chunks: FileChunks
    ) -> AsyncIterator[bytes]:
        """Yield the chunks. The thread that reads one is free before it is sent."""
        loop = asyncio.get_running_loop()
        try:
            yield response.body
            is_all, sent = False, 0
            while not is_all:
                response.body = b""
                size = CHUNK_BYTES if sent < MANY_BYTES else LARGE_CHUNK_BYTES
                read = loop.run_in_executor(
                    self.readers, read_chunk, file_chunks.chunks, size
                )
                chunk, is_all = await read
                sent += len(chunk)
                if chunk:
                    yield chunk
                elif self.connection.is_lost:
                    raise BrokenResponse
        finally:
            await loop.run_in_executor(self.readers, file_chunks.close)

    async def _send_bytes(self, response: Response, *, ends_body: bool) -> None:
        await self._begin_response(response)
        body = response.body
        if len(body) > CHUNK_BYTES:
            await self._send_large_body(response)
            body = b""
        self.connection.written += len(body)
        message = {
            "type": "http.response.body",
            "body": body,
            "more_body": not ends_body,
        }
        await self._send(message)

    async def _send_large_body(self, response: Response) -> None:
        """Send in chunks; the rest goes to a file once the client stops reading."""
        view = memoryview(response.body)
        while view:
            chunk, view = bytes(view[:CHUNK_BYTES]), view[CHUNK_BYTES:]
            message = {"type": "http.response.body", "body": chunk, "more_body": True}
            self.connection.written += len(chunk)
            await self._send(message)
            if self.connection.is_blocked and len(view) > MAX_UNREAD:
                buffer = await self._spill_to_file(view)
                del view
                response.body = b""
                await self._send_buffer(buffer)
                return
            await self.connection.wait_until_writable()
            if self.connection.is_lost:
                raise BrokenResponse

    async def _spill_to_file(self, rest: memoryview) -> ResponseBuffer:
        loop = asyncio.get_running_loop()
        buffer = ResponseBuffer(loop, self.readers)
        await loop.run_in_executor(self.readers, buffer.add, bytes(rest))
        buffer.finish()
        return buffer

    async def _send_buffer(self, buffer: ResponseBuffer) -> None:
        try:
            await self.connection.wait_until_writable()
            async for chunk in buffer.chunks():
                await self._send_chunk(chunk)
        finally:
            buffer.discard()


def read_chunk(
    chunks: Iterator[bytes], wanted: int = CHUNK_BYTES
) -> tuple[bytes, bool]:
    """Return about `wanted` bytes, and whether those were the last.

    An empty chunk returns what there is: much may be read before the next byte is sent.
    """
    found: list[bytes] = []
    size = 0
    for chunk in chunks:
        found.append(chunk)
        size += len(chunk)
        if size >= wanted or not chunk:
            return b"".join(found), False
    return b"".join(found), True
