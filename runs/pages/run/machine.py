"""What the Details tab shows of the machine that a run was started on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.core.launcher_properties import (
    CPUS_PROPERTY,
    EXECUTABLE_PROPERTY,
    GPUS_PROPERTY,
    HOST_PROPERTY,
    MEMORY_PROPERTY,
    PYTHON_PROPERTY,
    SYSTEM_PROPERTY,
)


@dataclass(frozen=True)
class Machine:
    """Empty, or 0, for what was not recorded; `memory` in bytes."""

    host: str
    system: str
    python: str
    executable: str
    cpus: int
    memory: int
    gpus: str


def read_machine(properties: Mapping[str, str]) -> Machine | None:
    """Return None for a run without a recorded host."""
    host = properties.get(HOST_PROPERTY, "")
    if not host:
        return None
    return Machine(
        host,
        properties.get(SYSTEM_PROPERTY, ""),
        properties.get(PYTHON_PROPERTY, ""),
        properties.get(EXECUTABLE_PROPERTY, ""),
        _number(properties.get(CPUS_PROPERTY, "")),
        _number(properties.get(MEMORY_PROPERTY, "")),
        properties.get(GPUS_PROPERTY, ""),
    )


def _number(text: str) -> int:
    """Return 0 for other text: any client can write these properties."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if is_number else 0
