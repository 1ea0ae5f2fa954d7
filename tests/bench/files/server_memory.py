"""The memory that a server's processes use while something happens."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from tests.parts.server import Server


@dataclass
class Peak:
    before: float
    most: float = 0.0


@contextlib.contextmanager
def memory_of(server: Server) -> Iterator[Peak]:
    """The peak memory of all server processes during the export, in MB."""
    top = psutil.Process(server.process.pid)
    done = threading.Event()

    def now() -> float:
        found = 0
        for each in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                info = each.memory_info()
                # Pages of the database that SQLite maps are the system's cache.
                found += info.rss - info.shared
        return found / 1e6

    peak = Peak(now())

    def watch() -> None:
        while not done.wait(0.2):
            peak.most = max(peak.most, now())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield peak
    done.set()
    watcher.join()
