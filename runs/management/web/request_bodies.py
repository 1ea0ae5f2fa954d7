"""Receive the body of a request before it takes a thread; large bodies go to disk.

The files have no name (O_TMPFILE), so a crash leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from runs.http import Counted, counters
from runs.management.web.fair_queue import ClientGone
from runs.management.web.transfer_rate import MinimumRate
from studio.core.errors import StudioError

#: Larger bodies go to disk, and are authorized before they are read.
MAX_IN_MEMORY = 64 * 1024
#: Bytes to collect before a write.
WRITE_BYTES = 256 * 1024
#: Space that these files leave free for the database; a twentieth of a small disk.
MIN_FREE_BYTES = 256 * 1024**2
#: How long the rest of a refused body is read, so that its sender reads the response.
DRAIN_SECONDS = 5.0

Receive = Callable[[], Any]


class RequestTimeout(StudioError):
    """The body came more slowly than the server allows."""

    code = "RequestTimeout"
    status = 408


def slow_body_error() -> RequestTimeout:
    return RequestTimeout(
        f"The request body arrived at less than {settings.MIN_RATE} bytes per second "
        f"for {settings.RATE_SECONDS} seconds. Send it again."
    )


def create_temporary_file() -> IO[bytes]:
    """An unnamed file next to the stored ones, unbuffered."""
    folder = Path(settings.FILES_DIR) / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_free_space(folder)
    file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 the caller's
    counters.add(Counted.SPOOL_FILES)
    return file


def close_temporary_file(file: IO[bytes]) -> None:
    size = os.fstat(file.fileno()).st_size
    file.close()
    counters.add(Counted.SPOOL_FILES, amount=-1)
    counters.add(Counted.SPOOL_BYTES, amount=-size)


def check_free_space(folder: Path | int) -> None:
    """Raise the OSError of a full disk shortly before the disk is full."""
    found = os.statvfs(folder)
    wanted = min(MIN_FREE_BYTES, found.f_blocks * found.f_frsize // 20)
    if found.f_bavail * found.f_frsize < wanted:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write_all(file: IO[bytes], data: bytes | bytearray | memoryview) -> None:
    check_free_space(file.fileno())
    view = memoryview(data)
    while view:
        written = file.write(view)
        counters.add(Counted.SPOOL_BYTES, amount=written)
        view = view[written:]


class RequestBody:
    """The received bytes; `file` becomes Django's `wsgi.input`."""

    def __init__(self, writers: ThreadPoolExecutor) -> None:
        self.writers = writers
        self.size = 0
        self.file: IO[bytes] | None = None
        self._in_memory = bytearray()

    async def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._in_memory += chunk
        limit = MAX_IN_MEMORY if self.file is None else WRITE_BYTES
        if len(self._in_memory) > limit:
            await self._write()

    async def finish(self) -> IO[bytes]:
        """The whole body, for reading from its start."""
        if self.file is None:
            return BytesIO(self._in_memory)
        if self._in_memory:
            await self._write()
        self.file.seek(0)
        return self.file

    async def _write(self) -> None:
        data, self._in_memory = self._in_memory, bytearray()
        loop = asyncio.get_running_loop()
        # Not in the event loop: a slow disk would block every client.
        await loop.run_in_executor(self.writers, self._append, data)

    def _append(self, data: bytearray) -> None:
        if self.file is None:
            self.file = create_temporary_file()
        write_all(self.file, data)

    def close(self) -> None:
        if self.file is not None:
            close_temporary_file(self.file)
            self.file = None


async def receive_body(
    source: Receive, body: RequestBody, rate: MinimumRate, limit: int | None
) -> bool:
    """Receive the body; return False if it has more than `limit` bytes, and stop there.

    Raises RequestTimeout, ClientGone, and OSError when the disk is full.
    """
    while True:
        begin = time.monotonic()
        try:
            async with asyncio.timeout(rate.seconds_left):
                message = await source()
        except TimeoutError:
            raise slow_body_error() from None
        if message["type"] != "http.request":
            raise ClientGone
        chunk = message["body"]
        rate.count_transfer(time.monotonic() - begin, len(chunk))
        if chunk:
            await body.add(chunk)
        if limit is not None and body.size > limit:
            return False
        if not message["more_body"]:
            return True
        if rate.is_too_slow:
            raise slow_body_error()


async def drain_body(source: Receive) -> None:
    """Read and drop the rest of a refused body, for a few seconds at most."""
    try:
        # A random limit: a thousand requests can be refused at the same moment.
        async with asyncio.timeout(DRAIN_SECONDS * random.uniform(0.6, 1)):  # noqa: S311
            while (message := await source())["type"] == "http.request":
                if not message["more_body"]:
                    return
    except TimeoutError:
        return
