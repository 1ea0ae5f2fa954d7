"""A buffer between a thread that produces a response and a slower client.

It keeps a little in memory and the rest in an unnamed file.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from runs.management.web.request_bodies import (
    close_temporary_file,
    create_temporary_file,
    write_all,
)

MAX_IN_MEMORY = 512 * 1024
READ_BYTES = 256 * 1024


class BufferDiscarded(Exception):
    """The client has disconnected; the rest of the response is not needed."""


class ResponseBuffer:
    """Chunks that a thread adds and the event loop reads.

    The event loop never waits for the lock for long: only a write to the file holds it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, readers: ThreadPoolExecutor
    ) -> None:
        self.loop = loop
        self.readers = readers
        self._lock = threading.Lock()
        self._changed = asyncio.Event()
        self._is_woken = False
        self._in_memory: deque[bytes] = deque()
        self._bytes_in_memory = 0
        self._file: IO[bytes] | None = None
        self._bytes_in_file = 0
        self._is_complete = False
        self._error: BaseException | None = None
        self._is_discarded = False

    # In the producing thread.

    def add(self, chunk: bytes) -> None:
        """Add a chunk. Raises BufferDiscarded, and OSError when the disk is full."""
        with self._lock:
            if self._is_discarded:
                raise BufferDiscarded
            if (
                self._file is None
                and self._bytes_in_memory + len(chunk) <= MAX_IN_MEMORY
            ):
                self._in_memory.append(chunk)
                self._bytes_in_memory += len(chunk)
            else:
                self._file = self._file or create_temporary_file()
                write_all(self._file, chunk)
                self._bytes_in_file += len(chunk)
            self._wake_reader()

    def finish(self, error: BaseException | None = None) -> None:
        """Mark the end of the data, or the error that ended it."""
        with self._lock:
            self._is_complete, self._error = True, error
            self._wake_reader()
            if self._is_discarded:
                self._close()

    def _wake_reader(self) -> None:
        # Waking the event loop is a system call, so one until it has looked.
        if not self._is_woken:
            self._is_woken = True
            self.loop.call_soon_threadsafe(self._changed.set)

    # In the event loop.

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield all chunks in order. Raise the error that ended the stream early."""
        position = 0
        while True:
            chunk = self._take_from_memory()
            if not chunk and position < self._bytes_in_file:
                chunk = await self._read(position)
                position += len(chunk)
            if chunk:
                yield chunk
            elif await self._is_at_end(position):
                return

    def _take_from_memory(self) -> bytes:
        with self._lock:
            chunk = b"".join(self._in_memory)
            self._in_memory.clear()
            if self._file is None:
                self._bytes_in_memory = 0
            return chunk

    async def _read(self, position: int) -> bytes:
        assert self._file is not None
        number = self._file.fileno()
        size = min(READ_BYTES, self._bytes_in_file - position)
        read = self.loop.run_in_executor(self.readers, os.pread, number, size, position)
        return await read

    async def _is_at_end(self, position: int) -> bool:
        with self._lock:
            # More can have come since the last look, which was without the lock.
            if self._in_memory or position < self._bytes_in_file:
                return False
            if self._is_complete:
                if self._error is not None:
                    raise self._error
                return True
            self._changed.clear()
            self._is_woken = False
        await self._changed.wait()
        return False

    def discard(self) -> None:
        """Free the memory; the producing thread stops at its next chunk."""
        with self._lock:
            self._is_discarded = True
            self._in_memory.clear()
            if self._is_complete:
                self._close()

    def _close(self) -> None:
        if self._file is not None:
            close_temporary_file(self._file)
            self._file = None
            self._bytes_in_file = 0
