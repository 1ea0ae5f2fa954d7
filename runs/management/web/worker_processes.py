"""The main process: it imports the application, forks, and restarts dead processes.

Forks share the memory of imported modules and start at once. This process never opens
an event loop, a thread or a database connection: they do not survive a fork.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from runs.http import COUNTER_SLOT_SIZE
from runs.management.web.server import STOP_SECONDS, load_application, serve

#: Connections that wait until a process accepts them.
BACKLOG = 2048
TICK_SECONDS = 0.1
#: What uvicorn needs to end after the last request.
MARGIN_SECONDS = 3.0
#: A process that ran this long restarts at once; others after a growing delay.
STEADY_SECONDS = 10.0
MAX_WAIT_SECONDS = 10.0
START_METHOD = "fork" if sys.platform == "linux" else "spawn"

PROCESS_CONTEXT: Any = multiprocessing.get_context(START_METHOD)


def preload() -> None:
    """Import everything before the fork; what is frozen stays shared after it."""
    if START_METHOD != "fork":
        return
    # Imports create little garbage, and looking for it takes a tenth of the start.
    gc.disable()
    load_application()
    # Garbage must not be frozen with the rest.
    gc.collect()
    gc.freeze()
    gc.enable()


def open_listener(host: str, port: int) -> socket.socket:
    """The socket from which all processes accept; the supervisor keeps its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # The supervisor's socket has the same port, and both need this option.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


@dataclass
class ProcessSlot:
    """A process that should always run."""

    number: int
    process: BaseProcess | None = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = 0.0

    def note_death(self, now: float) -> None:
        steady = now - self.started >= STEADY_SECONDS
        self.deaths = 0 if steady else self.deaths + 1
        wait = 0.0 if steady else min(MAX_WAIT_SECONDS, 0.05 * 2**self.deaths)
        self.not_before = now + wait


class WorkerProcesses:
    """Runs until SIGTERM or SIGINT."""

    def __init__(self, listener: socket.socket, count: int) -> None:
        self.listener = listener
        self.slots = [ProcessSlot(number) for number in range(count)]
        self.counts = PROCESS_CONTEXT.RawArray("d", count * COUNTER_SLOT_SIZE)
        self.is_stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.is_stopping:
            self._check_processes(time.monotonic())
            time.sleep(TICK_SECONDS)
        self._end_processes()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True

    def _check_processes(self, now: float) -> None:
        for slot in self.slots:
            if slot.process is not None and slot.process.is_alive():
                continue
            if slot.process is not None:
                slot.process = None
                slot.note_death(now)
            if now >= slot.not_before:
                self._start_process(slot, now)

    def _start_process(self, slot: ProcessSlot, now: float) -> None:
        arguments = (self.listener, os.getpid(), self.counts, slot.number)
        process = PROCESS_CONTEXT.Process(target=serve, args=arguments)
        process.start()
        slot.process, slot.started = process, now

    def _end_processes(self) -> None:
        """Let running requests finish; kill processes that exceed the limit."""
        self.listener.close()
        running = [slot.process for slot in self.slots if slot.process is not None]
        for process in running:
            process.terminate()
        end = time.monotonic() + STOP_SECONDS + MARGIN_SECONDS
        for process in running:
            process.join(max(0.0, end - time.monotonic()))
            process.kill()
            process.join()
