"""The counters of the operating system: `/proc` on Linux, psutil elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Reading:
    """Counters that only grow, in units that only differences have, and in bytes."""

    busy: float = 0.0
    total: float = 0.0
    received: int = 0
    sent: int = 0


@dataclass(frozen=True)
class Memory:
    used: int
    total: int


def read_counters(proc: Path = PROC) -> Reading | None:
    """The counters of processors and network; None if they cannot be read here."""
    if not (proc / "stat").exists():
        return _read_counters_of_psutil()
    try:
        fields = (proc / "stat").read_text().split("\n", 1)[0].split()[1:9]
        # user, nice, system, idle, iowait, irq, softirq, steal
        ticks = [int(field) for field in fields]
        idle = ticks[3] + ticks[4]
        received, sent = _read_network(proc)
    except (OSError, ValueError, IndexError):
        return None
    return Reading(sum(ticks) - idle, sum(ticks), received, sent)


def _read_network(proc: Path) -> tuple[int, int]:
    received = sent = 0
    try:
        lines = (proc / "net/dev").read_text().splitlines()[2:]
    except OSError:
        return 0, 0
    for line in lines:
        name, _, counters = line.partition(":")
        fields = counters.split()
        # The loopback device carries nothing to or from this machine.
        if name.strip() != "lo" and len(fields) > 8:
            received += int(fields[0])
            sent += int(fields[8])
    return received, sent


def read_memory(proc: Path = PROC, cgroup: Path = CGROUP) -> Memory | None:
    """The memory in use: of the container, if it has a limit, else of the machine."""
    if not (proc / "meminfo").exists():
        return _read_memory_of_psutil()
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        total = int(fields["MemTotal"].split()[0]) * 1024
        available = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return None
    of_container = _read_container_memory(cgroup)
    if of_container is not None and of_container.total < total:
        return of_container
    return Memory(total - available, total)


def _read_container_memory(cgroup: Path) -> Memory | None:
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        stat = (cgroup / "memory.stat").read_text()
        # Cached files, which the kernel drops when memory is needed.
        cached = dict(line.split() for line in stat.splitlines())["inactive_file"]
        return Memory(max(0, used - int(cached)), limit)
    except (OSError, ValueError, KeyError):
        # No cgroup of version 2, or "max": no limit.
        return None


def _import_psutil() -> Any:
    try:
        # Optional: macOS and Windows have no /proc.
        import psutil
    except ImportError:
        return None
    return psutil


def _read_counters_of_psutil() -> Reading | None:
    psutil = _import_psutil()
    if psutil is None:
        return None
    times, network = psutil.cpu_times(), psutil.net_io_counters()
    total = float(sum(times))
    return Reading(total - times.idle, total, network.bytes_recv, network.bytes_sent)


def _read_memory_of_psutil() -> Memory | None:
    psutil = _import_psutil()
    if psutil is None:
        return None
    memory = psutil.virtual_memory()
    return Memory(memory.total - memory.available, memory.total)
