"""Share new connections among the processes; idle processes accept first.

All processes listen on one socket. A process that accepts everything would get a whole
burst: its threads would be busy while those of other processes are idle.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

#: How long a process leaves the next connection to the others.
TURN_SECONDS = 0.001
MAX_ACCEPTED_AT_ONCE = 64


async def accept_connections(
    listener: socket.socket,
    protocol: Callable[[], asyncio.Protocol],
    has_running_requests: Callable[[], bool],
) -> None:
    """Accept one connection after the other until it is canceled."""
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    limit = 1
    while True:
        await wait_readable(loop, listener)
        if has_running_requests() and limit == 1:
            await asyncio.sleep(TURN_SECONDS)
        sockets = accept_waiting(listener, limit)
        # The other processes left some, so accept more at once.
        limit = min(2 * limit, MAX_ACCEPTED_AT_ONCE) if len(sockets) == limit else 1
        made = (
            loop.connect_accepted_socket(protocol, accepted) for accepted in sockets
        )
        await asyncio.gather(*made, return_exceptions=True)
        await asyncio.sleep(TURN_SECONDS)


async def wait_readable(
    loop: asyncio.AbstractEventLoop, listener: socket.socket
) -> None:
    """Wait until there is a connection."""
    waiting = loop.create_future()

    def on_readable() -> None:
        if not waiting.done():
            waiting.set_result(None)

    loop.add_reader(listener, on_readable)
    try:
        await waiting
    finally:
        loop.remove_reader(listener)


def accept_waiting(listener: socket.socket, limit: int) -> list[socket.socket]:
    """Accept the waiting connections, up to a limit."""
    sockets: list[socket.socket] = []
    # Another process may be first, a client may have gone, or files be exhausted.
    with contextlib.suppress(OSError):
        while len(sockets) < limit:
            accepted, _address = listener.accept()
            sockets.append(accepted)
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sockets
