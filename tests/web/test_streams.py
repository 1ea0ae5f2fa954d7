"""What a thread produces, on its way to a client who reads when it likes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import pytest
from django.http import StreamingHttpResponse

from runs.management.web.django_calls import DjangoCall
from runs.management.web.response_buffer import MAX_IN_MEMORY, ResponseBuffer
from tests.parts.waiting import run_apart

#: Many times what a buffer keeps in memory.
COUNT = 8 * MAX_IN_MEMORY // 65536
Stream = AsyncIterator[bytes]


def pieces(count: int = COUNT) -> Iterator[bytes]:
    for number in range(count):
        yield number.to_bytes(4) * 16384


async def produced(
    pool: ThreadPoolExecutor, stream: Iterator[bytes], when_free: Callable[[], None]
) -> ResponseBuffer:
    """A stream of the database's kind, whose thread is in `pool`."""

    def application(_environ: Any, start_response: Any) -> StreamingHttpResponse:
        start_response("200 OK", [])
        return StreamingHttpResponse(stream)

    call = DjangoCall(application, {"REQUEST_METHOD": "GET"}, pool)
    answer = await call.run(pool, when_free)
    assert answer.buffer is not None
    return answer.buffer


def test_a_stream_is_produced_without_waiting_for_its_reader() -> None:
    async def work() -> bytes:
        free = asyncio.Event()
        with ThreadPoolExecutor(2) as pool:
            buffer = await produced(pool, pieces(), free.set)
            # The thread is free again, and no byte was read.
            await asyncio.wait_for(free.wait(), 30)
            return b"".join([piece async for piece in buffer.chunks()])

    assert run_apart(work()) == b"".join(pieces())


def test_a_stream_is_read_while_it_is_produced() -> None:
    read = threading.Event()

    def slow() -> Iterator[bytes]:
        yield b"first"
        assert read.wait(30)
        yield from pieces()

    async def work() -> bytes:
        with ThreadPoolExecutor(2) as pool:
            buffer = await produced(pool, slow(), lambda: None)
            found = b""
            async for piece in buffer.chunks():
                found += piece
                read.set()
            return found

    assert run_apart(work()) == b"first" + b"".join(pieces())


def test_a_client_that_disconnects_stops_and_closes_the_stream() -> None:
    left, closed = threading.Event(), threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"more"
                left.wait(0.01)
        finally:
            closed.set()

    async def work() -> None:
        free = asyncio.Event()
        with ThreadPoolExecutor(2) as pool:
            buffer = await produced(pool, endless(), free.set)
            async with aclosing(buffer.chunks()) as stream:  # type: ignore[type-var]
                assert await anext(stream)
            buffer.discard()
            await asyncio.wait_for(free.wait(), 30)

    run_apart(work())
    assert closed.is_set()


def test_a_stream_that_fails_does_not_look_complete() -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise ValueError("the rest is missing")

    async def work() -> None:
        with ThreadPoolExecutor(2) as pool:
            buffer = await produced(pool, broken(), lambda: None)
            with pytest.raises(ValueError, match="the rest is missing"):
                assert [piece async for piece in buffer.chunks()] == []

    run_apart(work())
