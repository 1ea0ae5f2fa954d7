"""What one sample has: the names and units of MLflow's system metrics."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.names import SYSTEM_METRIC_PREFIX
from studio.sdk.system_metrics.readings import (
    CGROUP,
    PROC,
    read_counters,
    read_memory,
)

if TYPE_CHECKING:
    from studio.sdk.system_metrics.gpus import Gpus

MEGABYTE = 1_000_000


class SystemSampler:
    """Samples one machine. Differences count from its creation."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        proc: Path = PROC,
        cgroup: Path = CGROUP,
    ) -> None:
        self._folder, self._proc, self._cgroup = folder, proc, cgroup
        self._environment = environment
        self._first = self._last = read_counters(proc)
        self._gpus: Gpus | None = None
        self._has_looked_for_gpus = False

    def sample(self) -> dict[str, float]:
        """Values by name. What cannot be read here is left out."""
        values = {
            **self._processors_and_network(),
            **self._memory(),
            **self._disk(),
            **dict(self._gpu_values()),
        }
        return {SYSTEM_METRIC_PREFIX + name: value for name, value in values.items()}

    def _processors_and_network(self) -> dict[str, float]:
        """Processors since the last sample; network since the first, in megabytes."""
        last, now = self._last, read_counters(self._proc)
        if last is None or now is None or self._first is None:
            return {}
        self._last = now
        elapsed = now.total - last.total
        busy = _percent(now.busy - last.busy, elapsed) if elapsed > 0 else 0.0
        return {
            # The kernel's counter of waiting time can go back.
            "cpu_utilization_percentage": min(100.0, max(0.0, busy)),
            "network_receive_megabytes": _megabytes(
                now.received - self._first.received
            ),
            "network_transmit_megabytes": _megabytes(now.sent - self._first.sent),
        }

    def _memory(self) -> dict[str, float]:
        memory = read_memory(self._proc, self._cgroup)
        if memory is None:
            return {}
        return {
            "system_memory_usage_megabytes": _megabytes(memory.used),
            "system_memory_usage_percentage": _percent(memory.used, memory.total),
        }

    def _disk(self) -> dict[str, float]:
        """The disk that the script writes to."""
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError:
            return {}
        return {
            "disk_usage_megabytes": _megabytes(disk.used),
            "disk_usage_percentage": _percent(disk.used, disk.total),
            "disk_available_megabytes": _megabytes(disk.free),
        }

    def _gpu_values(self) -> Iterator[tuple[str, float]]:
        if not self._has_looked_for_gpus:
            # Not earlier: a short script does not need to wait for the driver.
            # It imports ctypes, which would slow down the import of the package.
            from studio.sdk.system_metrics.gpus import Gpus

            self._gpus, self._has_looked_for_gpus = Gpus.open(self._environment), True
        for gpu in self._gpus.read() if self._gpus else ():
            name = f"gpu_{gpu.index}"
            used, total = gpu.memory_used, gpu.memory_total
            yield f"{name}_memory_usage_megabytes", _megabytes(used)
            yield f"{name}_memory_usage_percentage", _percent(used, total)
            if gpu.percent is not None:
                yield f"{name}_utilization_percentage", float(gpu.percent)
            if gpu.watts is not None:
                yield f"{name}_power_usage_watts", round(gpu.watts, 1)


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _megabytes(count: int) -> float:
    return round(count / MEGABYTE, 1)
