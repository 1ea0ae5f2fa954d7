"""An answer on its way to the client, who reads as fast as it likes.

Nothing here holds a worker thread, and little memory: what a slow client has not read
yet is in a file, or was not produced yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from runs.management.web.protocol import Connection
from runs.management.web.relay import Relay

#: What is held of a file for a client that does not read.
PIECE = 64 * 1024
#: What is kept in memory of a page that its client does not read.
MAX_UNREAD = 256 * 1024

Headers = list[tuple[bytes, bytes]]
Send = Callable[[dict[str, Any]], Any]


class Broken(Exception):
    """The client went away, or what it was sent could not be completed."""


@dataclass(frozen=True)
class Rest:
    """Pieces that are read from files, and what closes those."""

    pieces: Iterator[bytes]
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
        self, link: Connection, send: Send, readers: ThreadPoolExecutor
    ) -> None:
        self.link = link
        self._sink = send
        self.readers = readers
        self.has_begun = False

    async def send(self, answer: Answer, *, ends: bool = True) -> None:
        """Raises Broken. With `ends` False the answer is whole, but not closed yet."""
        if answer.rest is not None:
            await self._stream(answer, self._from_files(answer, answer.rest))
        elif answer.relay is not None:
            try:
                await self._stream(answer, answer.relay.pieces())
            finally:
                answer.relay.abandon()
        else:
            await self._send_bytes(answer, ends=ends)

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def _send(self, message: dict[str, Any]) -> None:
        if self.link.is_over:
            raise Broken
        await self._sink(message)

    async def _begin(self, answer: Answer) -> None:
        self.has_begun = True
        start = {"type": "http.response.start", "status": answer.status}
        await self._send({**start, "headers": answer.headers})

    async def _piece(self, piece: bytes | memoryview) -> None:
        """Hand a piece over, and wait until the client has read most of it."""
        message = {"type": "http.response.body", "body": piece, "more_body": True}
        self.link.written += len(piece)
        await self._send(message)
        await self.link.drained()
        if self.link.is_lost:
            raise Broken

    async def _stream(self, answer: Answer, pieces: AsyncIterator[bytes]) -> None:
        async with aclosing(pieces) as pieces:  # type: ignore[type-var]
            # The first piece comes before the status: it may still be an error.
            first = await anext(pieces, b"")
            await self._begin(answer)
            if first:
                await self._piece(first)
            # A client may take long for the rest, and the memory is wanted.
            del first
            async for piece in pieces:
                await self._piece(piece)
        await self.end()

    async def _from_files(self, answer: Answer, rest: Rest) -> AsyncIterator[bytes]:
        """The pieces, each read by a thread that is free again before it is sent."""
        loop = asyncio.get_running_loop()
        try:
            yield answer.body
            is_all = False
            while not is_all:
                answer.body = b""
                read = loop.run_in_executor(self.readers, gather, rest.pieces)
                piece, is_all = await read
                if piece:
                    yield piece
        finally:
            await loop.run_in_executor(self.readers, rest.close)

    async def _send_bytes(self, answer: Answer, *, ends: bool) -> None:
        await self._begin(answer)
        body = answer.body
        if len(body) > PIECE:
            await self._send_long(answer)
            body = b""
        self.link.written += len(body)
        message = {"type": "http.response.body", "body": body, "more_body": not ends}
        await self._send(message)

    async def _send_long(self, answer: Answer) -> None:
        """In pieces; into a file with the rest once the client lets it wait."""
        view = memoryview(answer.body)
        while view:
            piece, view = bytes(view[:PIECE]), view[PIECE:]
            message = {"type": "http.response.body", "body": piece, "more_body": True}
            self.link.written += len(piece)
            await self._send(message)
            if self.link.is_blocked and len(view) > MAX_UNREAD:
                relay = await self._put_aside(view)
                del view
                answer.body = b""
                await self._send_relay(relay)
                return
            await self.link.drained()
            if self.link.is_lost:
                raise Broken

    async def _put_aside(self, rest: memoryview) -> Relay:
        loop = asyncio.get_running_loop()
        relay = Relay(loop, self.readers)
        await loop.run_in_executor(self.readers, relay.put, bytes(rest))
        relay.finish()
        return relay

    async def _send_relay(self, relay: Relay) -> None:
        try:
            await self.link.drained()
            async for piece in relay.pieces():
                await self._piece(piece)
        finally:
            relay.abandon()


def gather(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next bytes, about `PIECE` of them, and whether those were the last."""
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= PIECE:
            return b"".join(found), False
    return b"".join(found), True
