"""The machine that an agent runs on: its facts, and how busy it is."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NVIDIA_SECONDS = 10.0


@dataclass(frozen=True)
class Gpu:
    """A device: how `CUDA_VISIBLE_DEVICES` names it, its model, its memory in bytes."""

    device: str
    name: str
    memory_bytes: int
    percent: float = 0.0
    used_bytes: int = 0


def find_gpus(environment: Mapping[str, str]) -> list[Gpu]:
    """The GPUs that this process can use, in their order; none without nvidia-smi."""
    program = shutil.which("nvidia-smi", path=environment.get("PATH"))
    if program is None:
        return []
    fields = "index,uuid,name,memory.total,utilization.gpu,memory.used"
    command = [program, f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=NVIDIA_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [line.split(", ") for line in done.stdout.splitlines()]
    found = {words[0]: words for words in lines if len(words) == 6}
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return [_read_gpu(index, words) for index, words in found.items()]
    by_uuid = {words[1]: words for words in found.values()}
    names = [name.strip() for name in visible.split(",")]
    return [
        _read_gpu(name, words)
        for name in names
        if (words := found.get(name) or by_uuid.get(name))
    ]


def gpus_per_slot(gpus: int, slots: int) -> int:
    """How many GPUs each slot has of its own; 0 if all slots share them."""
    return 0 if gpus % slots else gpus // slots


def devices_of_slots(gpus: list[Gpu], slots: int) -> list[str]:
    """The `CUDA_VISIBLE_DEVICES` of each slot; empty if all slots share the GPUs."""
    own = gpus_per_slot(len(gpus), slots)
    if not own:
        return []
    names = [gpu.device for gpu in gpus]
    return [",".join(names[first : first + own]) for first in range(0, len(gpus), own)]


def _read_gpu(device: str, words: list[str]) -> Gpu:
    total, percent, used = (_number(word) for word in words[3:])
    mib = 1024 * 1024
    return Gpu(device, words[2], int(total * mib), percent, int(used * mib))


def _number(word: str) -> float:
    # Some devices answer "[N/A]".
    try:
        return float(word)
    except ValueError:
        return 0.0


def read_facts(gpus: list[Gpu]) -> dict[str, Any]:
    """What does not change: system, Python, processors, memory, GPUs."""
    memory = 0
    with contextlib.suppress(ValueError, OSError, AttributeError):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "cpus": os.cpu_count() or 1,
        "memory_bytes": memory,
        "gpus": [{"name": one.name, "memory_bytes": one.memory_bytes} for one in gpus],
    }


class CpuUsage:
    """The share of all processors that was busy since the last call, in percent."""

    def __init__(self) -> None:
        self._last = _cpu_times()

    def read(self) -> float | None:
        """None where the system does not tell it."""
        now, last = _cpu_times(), self._last
        self._last = now
        if now is None or last is None or now[1] <= last[1]:
            return None
        return round(100 * (now[0] - last[0]) / (now[1] - last[1]), 1)


def _cpu_times() -> tuple[float, float] | None:
    """The ticks that all processors were busy, and all their ticks."""
    try:
        line = Path("/proc/stat").read_text().splitlines()[0]
        ticks = [float(word) for word in line.split()[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    if len(ticks) < 5:
        return None
    total = sum(ticks)
    return total - ticks[3] - ticks[4], total
