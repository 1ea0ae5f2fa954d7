"""New connections, shared among the processes: the one that has least to do is first.

All processes wait at one socket. One that accepted whatever there is would get all of
a burst, and its threads would be busy while another process's are idle.
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
    most = 1
    while True:
        await readable(loop, listener)
        if is_busy() and most == 1:
            await asyncio.sleep(TURN_SECONDS)
        links = take(listener, most)
        # Where the others leave some, there are too many to be so polite.
        most = min(2 * most, MAX_AT_ONCE) if len(links) == most else 1
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


def take(listener: socket.socket, most: int) -> list[socket.socket]:
    """As many connections as there are, up to that many."""
    links: list[socket.socket] = []
    # Another process may be first, a client may have gone, or files be exhausted.
    with contextlib.suppress(OSError):
        while len(links) < most:
            link, _address = listener.accept()
            links.append(link)
            link.setblocking(False)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return links
