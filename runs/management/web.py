"""The web server: `python -m runs.management.web`, started by the supervisor.

Granian's main process imports the application once; the processes that serve are its
forks, so they start at once and share that memory. It starts again one that died.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import multiprocessing
import os
import resource
from collections.abc import Callable
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from runs.management import tether

#: Each thread answers one request at a time and has a database connection of its own.
THREADS = 16
#: Connections that a process holds; most are idle ones of training scripts.
CONNECTIONS = 2048
#: How long requests that are under way may take when the server stops.
STOP_SECONDS = 20
IDLE_SECONDS = 600


def load(parent: int) -> Callable[..., Any]:
    """The application, in a process that ends with the server's main one."""
    tether.tie(parent)
    return application()


def application() -> Callable[..., Any]:
    # Not at the top: where processes are not forked, this is the one that imports it.
    from studio.wsgi import application

    return application


def preload() -> None:
    """Import everything before the fork; what is frozen stays shared after it."""
    if multiprocessing.get_start_method() != "fork":
        return
    application()
    gc.collect()
    gc.freeze()


def allow_many_files() -> None:
    """Each connection is an open file, and the usual limit of 1,024 is low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(host: str, port: int, processes: int) -> None:
    server = Granian(
        "studio.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=IDLE_SECONDS,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=60_000),
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=partial(load, os.getpid()), wrap_loader=False)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args()
    tether.tie(given.parent)
    allow_many_files()
    preload()
    serve(given.host, given.port, given.processes)


if __name__ == "__main__":
    main()
