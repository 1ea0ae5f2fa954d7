"""One web process: an event loop with uvicorn, and the threads that run Django."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, MutableSequence
from typing import Any

import uvicorn

from runs.http import counters
from runs.management import parent_watchdog
from runs.management.web.acceptor import accept_connections
from runs.management.web.asgi_application import AsgiApplication
from runs.management.web.connection import Connection, enforce_deadlines

logger = logging.getLogger("studio.web")

#: How long requests that are under way may take when the server stops.
STOP_SECONDS = 20
#: How long one thread computes before another gets its turn. The event loop wants a
#: turn for each message; Python's usual 5 ms would add up next to busy threads.
SWITCH_SECONDS = 0.001


def load_application() -> Callable[..., Any]:
    # Not at the top: where processes are not forked, this is the one that imports it.
    from studio.wsgi import application

    return application


def raise_open_file_limit() -> None:
    """Each connection is an open file, and the usual limit of 1,024 is low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_connections() -> int:
    """Each connection can need two more open files: its body and its response."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(100, (soft if soft > 0 else 65536) // 3 - 100)


class Server(uvicorn.Server):
    """uvicorn, with its own way to accept, and deadlines for clients."""

    def __init__(self, front: AsgiApplication, listener: socket.socket) -> None:
        super().__init__(uvicorn_configuration(front))
        self.front = front
        self.listener = listener

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        connections: Any = self.server_state.connections
        self.deadline_task = loop.create_task(
            enforce_deadlines(connections, self.front.deadlines)
        )
        taking = accept_connections(
            self.listener, self._create_connection, self._has_running_requests
        )
        self.accept_task = loop.create_task(taking)
        for task in (self.deadline_task, self.accept_task):
            task.add_done_callback(self._stop_after_error)

    def _create_connection(self) -> asyncio.Protocol:
        return Connection(self.config, self.server_state, app_state={})

    def _has_running_requests(self) -> bool:
        return self.front.fair_queue.has_running_requests

    def _stop_after_error(self, task: asyncio.Task[None]) -> None:
        """A process that no longer accepts or watches is of no use."""
        if not task.cancelled() and (error := task.exception()):
            logger.error("A web process stops after an error", exc_info=error)
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.accept_task.cancel()
        await asyncio.wait([self.accept_task])
        self.listener.close()
        await super().shutdown(sockets=sockets)

    def stop(self) -> None:
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own would raise the signal again after a clean end."""
        yield


def uvicorn_configuration(front: AsgiApplication) -> uvicorn.Config:
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
        limit_concurrency=max_connections(),
        timeout_keep_alive=front.deadlines.idle_seconds,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def serve(
    listener: socket.socket, parent: int, counts: MutableSequence[float], slot: int
) -> None:
    """Serve until SIGTERM, in a process that ends with the server's main one.

    It counts in its slot of the shared memory `counts`.
    """
    counters.attach(counts, slot)
    # A fork starts with the signal handlers of the main process.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches the main process, which ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent_watchdog.end_with_parent(parent)
    sys.setswitchinterval(SWITCH_SECONDS)
    Server(AsgiApplication(load_application()), listener).run(sockets=[])
    # Not by returning: a thread that does not end would hold the process.
    sys.stderr.flush()
    os._exit(0)
