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

from runs.management.web.request_bodies import temporary_file, write_all

MAX_IN_MEMORY = 512 * 1024
READ_BYTES = 256 * 1024


class Abandoned(Exception):
    """The client has gone; the rest is not needed."""


class Relay:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, readers: ThreadPoolExecutor
    ) -> None:
        self.loop = loop
        self.readers = readers
        self._lock = threading.Lock()
        self._changed = asyncio.Event()
        self._is_told = False
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._file: IO[bytes] | None = None
        self._in_file = 0
        self._is_complete = False
        self._error: BaseException | None = None
        self._is_abandoned = False

    # In the producing thread.

    def put(self, chunk: bytes) -> None:
        """Add a chunk. Raises Abandoned, and OSError when the disk is full."""
        with self._lock:
            if self._is_abandoned:
                raise Abandoned
            if self._file is None and self._held_bytes + len(chunk) <= MAX_IN_MEMORY:
                self._held.append(chunk)
                self._held_bytes += len(chunk)
            else:
                self._file = self._file or temporary_file()
                write_all(self._file, chunk)
                self._in_file += len(chunk)
            self._tell()

    def finish(self, error: BaseException | None = None) -> None:
        """Mark the end of the data, or the error that ended it."""
        with self._lock:
            self._is_complete, self._error = True, error
            self._tell()
            if self._is_abandoned:
                self._close()

    def _tell(self) -> None:
        if not self._is_told:
            self._is_told = True
            self.loop.call_soon_threadsafe(self._changed.set)

    # In the event loop.

    async def chunks(self) -> AsyncIterator[bytes]:
        """All that is put, in order. Raises what ended the production early."""
        position = 0
        while True:
            chunk = self._take_held()
            if not chunk and position < self._in_file:
                chunk = await self._read(position)
                position += len(chunk)
            if chunk:
                yield chunk
            elif await self._is_over(position):
                return

    def _take_held(self) -> bytes:
        with self._lock:
            chunk = b"".join(self._held)
            self._held.clear()
            if self._file is None:
                self._held_bytes = 0
            return chunk

    async def _read(self, position: int) -> bytes:
        assert self._file is not None
        number, size = self._file.fileno(), min(READ_BYTES, self._in_file - position)
        read = self.loop.run_in_executor(self.readers, os.pread, number, size, position)
        return await read

    async def _is_over(self, position: int) -> bool:
        with self._lock:
            if self._held or position < self._in_file:
                return False
            if self._is_complete:
                if self._error is not None:
                    raise self._error
                return True
            self._changed.clear()
            self._is_told = False
        await self._changed.wait()
        return False

    def abandon(self) -> None:
        """Free what is held; the producing thread stops at its next chunk."""
        with self._lock:
            self._is_abandoned = True
            self._held.clear()
            if self._is_complete:
                self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._in_file = 0
