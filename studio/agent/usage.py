"""How busy the machine and the engine are, as heartbeats report it."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from studio.agent.executors import EngineSurvey
from studio.agent.host import CpuUsage, Gpu, find_gpus

#: `nvidia-smi` takes a second on some machines.
GPU_SECONDS = 30.0
SURVEY_SECONDS = 15.0


class UsageReader:
    """Reads the processors at once, and the GPUs now and then in a thread."""

    def __init__(self, gpus: Sequence[Gpu]) -> None:
        self._cpu = CpuUsage()
        self._gpus = list(gpus)
        self._read_at = time.monotonic()
        self._thread: threading.Thread | None = None

    def read(self, runs: Mapping[int, str]) -> dict[str, Any]:
        """The usage now; `runs` are the runs that have the devices of these numbers."""
        if self._gpus:
            self._refresh_gpus()
        usage: dict[str, Any] = {
            "gpus": [
                {
                    "percent": gpu.percent,
                    "memory_bytes": gpu.used_bytes,
                    **({"run": runs[slot]} if slot in runs else {}),
                }
                for slot, gpu in enumerate(self._gpus)
            ]
        }
        if (percent := self._cpu.read()) is not None:
            usage["cpu_percent"] = percent
        return usage

    def _refresh_gpus(self) -> None:
        is_reading = self._thread is not None and self._thread.is_alive()
        if is_reading or time.monotonic() - self._read_at < GPU_SECONDS:
            return

        def refresh() -> None:
            # A device that fails keeps its place in the list.
            found = find_gpus(os.environ)
            if len(found) == len(self._gpus):
                self._gpus = found
            self._read_at = time.monotonic()

        self._thread = threading.Thread(target=refresh, daemon=True)
        self._thread.start()


class SurveyReader:
    """Asks the engine now and then, in a thread: its commands can take long."""

    def __init__(
        self, survey: Callable[[], EngineSurvey | None], seconds: float = SURVEY_SECONDS
    ) -> None:
        self._survey, self._seconds = survey, seconds
        self._read_at = -math.inf
        self._found: EngineSurvey | None = None
        self._thread: threading.Thread | None = None

    def read(self) -> dict[str, Any]:
        """What the engine said last; empty without an engine."""
        is_reading = self._thread is not None and self._thread.is_alive()
        if not is_reading and time.monotonic() - self._read_at >= self._seconds:
            self._thread = threading.Thread(target=self._ask, daemon=True)
            self._thread.start()
        found = self._found
        return {"engine": asdict(found)} if found is not None else {}

    def _ask(self) -> None:
        self._found = self._survey()
        self._read_at = time.monotonic()
