"""A client's connection: uvicorn's, with a deadline for each step of the client.

One task checks all connections about once a second. It closes connections whose request
headers take too long, and those that read too slowly. `request_bodies` limits slow
bodies.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import random
import socket
import struct
import sys
import termios
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runs.management.web.transfer_rate import MinimumRate

#: A request's line and headers, and the lines between the chunks of a body.
MAX_HEAD_BYTES = 64 * 1024
#: How much unsent data the system can hold. More would hide how fast a client reads.
MAX_UNSENT_BYTES = 128 * 1024
#: Requests that wait on a connection for the one before them. Without this limit, many
#: small requests sent at once would take hundreds of megabytes.
MAX_PIPELINED = 16
MAX_RATE_JITTER = 1.3
#: The key of a request's connection in its ASGI scope.
CONNECTION_KEY = "studio.connection"


@dataclass(frozen=True)
class Deadlines:
    """How long a client may take, in seconds, and bytes a second."""

    head_seconds: int
    idle_seconds: int
    min_rate: int
    rate_seconds: int

    @classmethod
    def of_settings(cls) -> Deadlines:
        return cls(
            settings.HEADER_SECONDS,
            settings.IDLE_SECONDS,
            settings.MIN_RATE,
            settings.RATE_SECONDS,
        )

    def minimum_rate(self) -> MinimumRate:
        """Return the limit for one transfer.

        Its time varies a little: a thousand slow transfers that start together must
        not all be closed at the same moment.
        """
        jitter = random.uniform(1, MAX_RATE_JITTER)  # noqa: S311
        return MinimumRate(self.min_rate, self.rate_seconds * jitter)


class TooManyPipelined(Exception):
    """Stops the parser: nothing more is read from this client."""


class Connection(HttpToolsProtocol):
    """Also knows how long it waits for a head, and how much its client has read."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.is_lost = False
        #: Bytes of bodies that were passed to the transport.
        self.written = 0
        self.head_since: float | None = None
        self._unparsed_bytes = 0
        self._is_in_head = False
        self._running: Any = None
        self._lost_listeners: set[asyncio.Future[None]] = set()
        self._read_rate: MinimumRate | None = None
        self._read_before = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.head_since = time.monotonic()
        option = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if _IS_LINUX else None)
        if option is not None:
            with contextlib.suppress(OSError):
                link = transport.get_extra_info("socket")
                link.setsockopt(socket.IPPROTO_TCP, option, MAX_UNSENT_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self._unset_keepalive_if_required()
        self._notify_requests()
        super().connection_lost(exc)
        for listener in self._lost_listeners:
            if not listener.done():
                listener.set_result(None)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _notify_requests(self) -> None:
        """Tell every request that the client is gone; uvicorn tells only the last."""
        for cycle in (self._running, *(cycle for cycle, _app in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()

    @contextlib.contextmanager
    def disconnected(self) -> Any:
        """Yield a future that is done when the client has disconnected."""
        listener = self.loop.create_future()
        self._lost_listeners.add(listener)
        try:
            yield listener
        finally:
            self._lost_listeners.discard(listener)

    def data_received(self, data: bytes) -> None:
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._unparsed_bytes > MAX_HEAD_BYTES:
            self._send_error(b"431 Request Header Fields Too Large")
        elif self.head_since is None and self._is_between_requests():
            # Line ends before a request, or the rest of a body that was refused.
            self.head_since = time.monotonic()

    def _is_idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _is_between_requests(self) -> bool:
        return self._is_idle() and self.timeout_keep_alive_task is None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head_since = time.monotonic()
        self._is_in_head = True
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[CONNECTION_KEY] = self

    def on_header(self, name: bytes, value: bytes) -> None:
        # What follows a chunked body is no header: a proxy does not look at it.
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.head_since = None
        self._is_in_head = False
        self._unparsed_bytes = 0
        if len(self.pipeline) >= MAX_PIPELINED:
            raise TooManyPipelined
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Send no error in the middle of a response, or before a pending one."""
        cycle = self.cycle
        if self.pipeline or (
            cycle and cycle.response_started and not cycle.response_complete
        ):
            self.transport.close()
        else:
            super().send_400_response(msg)

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed_bytes = 0
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        if self._unread_bytes():
            # The next request arrived, and this process was too busy to see it.
            return
        if self._unread_by_client():
            self.abort()
        super().timeout_keep_alive_handler()

    def _unread_bytes(self) -> int:
        return self._read_socket_count(termios.FIONREAD)

    def _unread_by_client(self) -> int:
        """What the system holds for the client, who has not acknowledged it."""
        return self._read_socket_count(termios.TIOCOUTQ) if _IS_LINUX else 0

    def _read_socket_count(self, what: int) -> int:
        """A number of bytes that the system reports about the socket, or 0."""
        link = self.transport.get_extra_info("socket")
        if link is None:
            return 0
        try:
            [count] = struct.unpack("i", fcntl.ioctl(link.fileno(), what, bytes(4)))
        except (OSError, ValueError):
            return 0
        return int(count)

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self.is_lost or self.transport.is_closing()

    @property
    def is_blocked(self) -> bool:
        """Whether the client must read before more is sent."""
        return self.flow.write_paused and not self.is_lost

    async def wait_until_writable(self) -> None:
        """Wait until more can be sent, or the client has disconnected."""
        if self.is_blocked:
            await self.flow.drain()

    def abort(self) -> None:
        """Close the connection now, and discard what was not yet sent."""
        self._notify_requests()
        link = self.transport.get_extra_info("socket")
        if link is not None:
            # ValueError: a client that aborts has closed it already.
            with contextlib.suppress(OSError, ValueError):
                # Lingering for 0 seconds resets the connection, which drops what was
                # not sent.
                now = struct.pack("ii", 1, 0)
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        self.transport.abort()

    def check(self, now: float, deadlines: Deadlines, passed: float) -> None:
        """End the connection where its client is too slow."""
        self._check_head(now, deadlines)
        held = self.transport.get_write_buffer_size()
        if not held:
            self._read_rate = None
            return
        read = self.written - held - self._unread_by_client()
        if self._read_rate is None:
            self._read_rate, self._read_before = deadlines.minimum_rate(), read
        self._read_rate.count_transfer(passed, max(0, read - self._read_before))
        self._read_before = max(read, self._read_before)
        if self._read_rate.is_too_slow:
            self.abort()

    def _check_head(self, now: float, deadlines: Deadlines) -> None:
        if self.head_since is None or now - self.head_since < deadlines.head_seconds:
            return
        # A running request, or bytes that this process did not read yet, are no delay
        # of the client.
        if not self._is_idle() or self._unread_bytes():
            self.head_since = now
        elif self._unparsed_bytes:
            self._send_error(b"408 Request Timeout")
        else:
            self.transport.close()

    def _send_error(self, status: bytes) -> None:
        """Send an error for an incomplete request, and close the connection."""
        if self._is_idle() and not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n"
                b"connection: close\r\n\r\n"
            )
        self.head_since = None
        self.transport.close()


_IS_LINUX = sys.platform == "linux"


async def enforce_deadlines(
    connections: Iterable[Connection], deadlines: Deadlines
) -> None:
    """Check every connection, for as long as the process serves."""
    every = min(1.0, deadlines.head_seconds / 4, deadlines.rate_seconds / 4)
    before = time.monotonic()
    while True:
        await asyncio.sleep(every)
        now = time.monotonic()
        # A delay of this process does not count against the clients.
        passed, before = min(now - before, 2 * every), now
        for connection in list(connections):
            connection.check(now, deadlines, passed)
