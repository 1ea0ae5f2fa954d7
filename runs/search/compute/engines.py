"""What a target's engine said last of itself, through the target's agents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runs.models import Agent

#: More than any message of an engine.
MAX_PROBLEM = 1000


@dataclass(frozen=True)
class EngineCapacity:
    """How much the engine has for the target's jobs, counted in `unit`.

    With a `problem`, in the engine's own words, it can't be used.
    """

    version: str
    unit: str
    total: int
    busy: int
    lost: int
    problem: str


def read_engine(agents: Iterable[Agent]) -> EngineCapacity | None:
    """What the agent with the newest heartbeat says; None without an engine."""
    for agent in sorted(agents, key=lambda each: each.heard, reverse=True):
        usage = agent.usage if isinstance(agent.usage, dict) else {}
        reported = usage.get("engine")
        if isinstance(reported, dict):
            return _read(reported)
    return None


def _read(reported: dict[str, Any]) -> EngineCapacity:
    """Agents of other versions can report anything."""
    total = _number(reported.get("total"))
    return EngineCapacity(
        version=str(reported.get("version") or "")[:100],
        unit=str(reported.get("unit") or "")[:20],
        total=total,
        busy=min(total, _number(reported.get("busy"))),
        lost=min(total, _number(reported.get("lost"))),
        problem=str(reported.get("problem") or "")[:MAX_PROBLEM],
    )


def _number(value: object) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return min(max(0, value), 10**9) if is_number and isinstance(value, int) else 0
