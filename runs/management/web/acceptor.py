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
MAX_AT_ONCE = 64


async def accept(
    listener: socket.socket,
    protocol: Callable[[], asyncio.Protocol],
    is_busy: Callable[[], bool],
) -> None:
    """Accept one connection after the other until it is canceled."""
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    limit = 1
    while True:
        await readable(loop, listener)
        if is_busy() and limit == 1:
            await asyncio.sleep(TURN_SECONDS)
        links = take(listener, limit)
        # The other processes left some, so accept more at once.
        limit = min(2 * limit, MAX_AT_ONCE) if len(links) == limit else 1
        made = (loop.connect_accepted_socket(protocol, link) for link in links)
        await asyncio.gather(*made, return_exceptions=True)
        await asyncio.sleep(TURN_SECONDS)


async def readable(loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
    """Wait until there is a connection."""
    waiting = loop.create_future()

    def is_readable() -> None:
        if not waiting.done():
            waiting.set_result(None)

    loop.add_reader(listener, is_readable)
    try:
        await waiting
    finally:
        loop.remove_reader(listener)


def take(listener: socket.socket, limit: int) -> list[socket.socket]:
    """Accept the waiting connections, up to a limit."""
    links: list[socket.socket] = []
    # Another process may be first, a client may have gone, or files be exhausted.
    with contextlib.suppress(OSError):
        while len(links) < limit:
            link, _address = listener.accept()
            links.append(link)
            link.setblocking(False)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return links
