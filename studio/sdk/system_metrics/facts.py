"""What the machine has: processors, memory, GPUs."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from studio.sdk.system_metrics.readings import PROC, read_memory


@dataclass(frozen=True)
class MachineFacts:
    """`memory` in bytes, 0 if it is unknown; `gpus` has the models."""

    host: str
    system: str
    cpus: int
    memory: int
    gpus: tuple[str, ...]


def read_machine_facts(proc: Path = PROC) -> MachineFacts:
    memory = read_memory(proc)
    return MachineFacts(
        platform.node(),
        f"{platform.system()} {platform.release()} {platform.machine()}".strip(),
        count_cpus(),
        memory.total if memory else 0,
        read_gpu_models(proc),
    )


def count_cpus() -> int:
    """The processors that this process can use."""
    try:
        return len(os.sched_getaffinity(0))  # type: ignore[attr-defined,unused-ignore]
    except AttributeError:
        return os.cpu_count() or 1


def read_gpu_models(proc: Path = PROC) -> tuple[str, ...]:
    """The models of NVIDIA's GPUs; the driver itself would take a second."""
    found = []
    for path in sorted(proc.glob("driver/nvidia/gpus/*/information")):
        try:
            lines = path.read_text(errors="replace").splitlines()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        found.append(fields.get("Model", "NVIDIA").strip())
    return tuple(found)
