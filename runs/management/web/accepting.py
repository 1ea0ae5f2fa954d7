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
#: After an error such as too many open files.
ERROR_SECONDS = 0.1


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
        taken = 0
        while taken < most and await accept_one(loop, listener, protocol):
            taken += 1
        # Where the others leave some, there are too many to be so polite.
        most = min(2 * most, MAX_AT_ONCE) if taken == most else 1
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


async def accept_one(
    loop: asyncio.AbstractEventLoop,
    listener: socket.socket,
    protocol: Callable[[], asyncio.Protocol],
) -> bool:
    """Whether there was one."""
    try:
        link, _address = listener.accept()
    except (BlockingIOError, InterruptedError, ConnectionAbortedError):
        # Another process was first, or the client has gone.
        return False
    except OSError:
        await asyncio.sleep(ERROR_SECONDS)
        return False
    link.setblocking(False)
    with contextlib.suppress(OSError):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.connect_accepted_socket(protocol, link)
    return True
