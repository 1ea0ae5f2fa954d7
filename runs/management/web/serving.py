"""One web process: an event loop with uvicorn, and the threads that run Django."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from runs.management import tether
from runs.management.web.front import Front
from runs.management.web.protocol import Connection, Deadlines, watch

#: How long requests that are under way may take when the server stops.
STOP_SECONDS = 20
BACKLOG = 2048
#: How long one thread computes before another gets its turn. The event loop wants a
#: turn for each message; Python's usual 5 ms would add up beside busy threads.
SWITCH_SECONDS = 0.001


def application() -> Callable[..., Any]:
    # Not at the top: where processes are not forked, this is the one that imports it.
    from studio.wsgi import application

    return application


def allow_many_files() -> None:
    """Each connection is an open file, and the usual limit of 1,024 is low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    """So many that each can have a file for its body and one for its answer."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(100, (soft if soft > 0 else 65536) // 3 - 100)


class Server(uvicorn.Server):
    """uvicorn, with deadlines for clients, ended by this process's own signals."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        connections: Any = self.server_state.connections
        self.watching = asyncio.create_task(watch(connections, Deadlines.of_settings()))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)

    def stop(self) -> None:
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own would raise the signal again after a clean end."""
        yield


def configuration() -> uvicorn.Config:
    front = Front(application())
    return uvicorn.Config(
        front,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        # Django's settings decide whether a proxy's headers are believed.
        proxy_headers=False,
        backlog=BACKLOG,
        limit_concurrency=most_connections(),
        timeout_keep_alive=front.deadlines.idle_seconds,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def serve(listener: socket.socket, parent: int) -> None:
    """Serve until SIGTERM, in a process that ends with the server's main one."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tether.tie(parent)
    sys.setswitchinterval(SWITCH_SECONDS)
    Server(configuration()).run(sockets=[listener])
    # Not by returning: a thread that does not end would hold the process.
    sys.stderr.flush()
    os._exit(0)
