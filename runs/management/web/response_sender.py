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
from runs.management.web.relay import Relay

#: How much of a file is held for a client that does not read.
CHUNK_BYTES = 64 * 1024
#: How much of a page is held in memory for a client that does not read.
MAX_UNREAD = 256 * 1024

Headers = list[tuple[bytes, bytes]]
Send = Callable[[dict[str, Any]], Any]


class BrokenResponse(Exception):
    """The client went away, or what it was sent could not be completed."""


@dataclass(frozen=True)
class Rest:
    """Chunks that are read from files, and what closes those."""

    chunks: Iterator[bytes]
    close: Callable[[], object]


@dataclass
class Answer:
    """What Django answered: `body`, then what is read from files, or a relay."""

    status: int
    headers: Headers
    body: bytes = b""
    rest: Rest | None = None
    relay: Relay | None = None


class Sender:
    """Sends one answer over one connection."""

    def __init__(
        self, connection: Connection, send: Send, readers: ThreadPoolExecutor
    ) -> None:
        self.connection = connection
        self._sink = send
        self.readers = readers
        self.has_begun = False

    async def send(self, answer: Answer, *, ends: bool = True) -> None:
        """Send all; without `ends` the caller closes it. Raises BrokenResponse."""
        if answer.rest is not None:
            await self._stream(answer, self._from_files(answer, answer.rest))
        elif answer.relay is not None:
            try:
                await self._stream(answer, answer.relay.chunks())
            finally:
                answer.relay.abandon()
        else:
            await self._send_bytes(answer, ends=ends)

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def _send(self, message: dict[str, Any]) -> None:
        if self.connection.is_over:
            raise BrokenResponse
        await self._sink(message)

    async def _begin(self, answer: Answer) -> None:
        self.has_begun = True
        start = {"type": "http.response.start", "status": answer.status}
        await self._send({**start, "headers": answer.headers})

    async def _send_chunk(self, chunk: bytes | memoryview) -> None:
        """Hand a chunk over, and wait until the client has read most of it."""
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        self.connection.written += len(chunk)
        await self._send(message)
        await self.connection.drained()
        if self.connection.is_lost:
            raise BrokenResponse

    async def _stream(self, answer: Answer, chunks: AsyncIterator[bytes]) -> None:
        async with aclosing(chunks) as chunks:  # type: ignore[type-var]
            # The first chunk comes before the status: it may still be an error.
            first = await anext(chunks, b"")
            await self._begin(answer)
            if first:
                await self._send_chunk(first)
            # A client may take long for the rest, and the memory is wanted.
            del first
            async for chunk in chunks:
                await self._send_chunk(chunk)
        await self.end()

    async def _from_files(self, answer: Answer, rest: Rest) -> AsyncIterator[bytes]:
        """The chunks, each read by a thread that is free again before it is sent."""
        loop = asyncio.get_running_loop()
        try:
            yield answer.body
            is_all = False
            while not is_all:
                answer.body = b""
                read = loop.run_in_executor(self.readers, gather, rest.chunks)
                chunk, is_all = await read
                if chunk:
                    yield chunk
        finally:
            await loop.run_in_executor(self.readers, rest.close)

    async def _send_bytes(self, answer: Answer, *, ends: bool) -> None:
        await self._begin(answer)
        body = answer.body
        if len(body) > CHUNK_BYTES:
            await self._send_long(answer)
            body = b""
        self.connection.written += len(body)
        message = {"type": "http.response.body", "body": body, "more_body": not ends}
        await self._send(message)

    async def _send_long(self, answer: Answer) -> None:
        """Send in chunks; the rest goes to a file once the client stops reading."""
        view = memoryview(answer.body)
        while view:
            chunk, view = bytes(view[:CHUNK_BYTES]), view[CHUNK_BYTES:]
            message = {"type": "http.response.body", "body": chunk, "more_body": True}
            self.connection.written += len(chunk)
            await self._send(message)
            if self.connection.is_blocked and len(view) > MAX_UNREAD:
                relay = await self._spill_to_file(view)
                del view
                answer.body = b""
                await self._send_relay(relay)
                return
            await self.connection.drained()
            if self.connection.is_lost:
                raise BrokenResponse

    async def _spill_to_file(self, rest: memoryview) -> Relay:
        loop = asyncio.get_running_loop()
        relay = Relay(loop, self.readers)
        await loop.run_in_executor(self.readers, relay.put, bytes(rest))
        relay.finish()
        return relay

    async def _send_relay(self, relay: Relay) -> None:
        try:
            await self.connection.drained()
            async for chunk in relay.chunks():
                await self._send_chunk(chunk)
        finally:
            relay.abandon()


def gather(chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next bytes, about `CHUNK_BYTES` of them, and whether those were the last."""
    found: list[bytes] = []
    size = 0
    for chunk in chunks:
        found.append(chunk)
        size += len(chunk)
        if size >= CHUNK_BYTES:
            return b"".join(found), False
    return b"".join(found), True
