"""How the command line prints a compute target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.cli.times import format_time


def target_record(found: Mapping[str, Any]) -> dict[str, Any]:
    """A compute target of the API as the command line prints it."""
    return {
        "name": found["name"],
        "kind": found["kind"],
        "settings": found.get("settings", {}),
        "description": found["description"],
        "is_paused": found["paused"],
        "health": found["health"],
        "slots": found["slots"],
        "busy": found["busy"],
        "running": found["running"],
        "queued": found["queued"],
        "max_per_member": found["max_per_member"],
        "requeue_after_seconds": found["lease_seconds"],
        "agents": [
            {
                "id": agent["id"],
                "name": agent["name"],
                "health": agent["health"],
                "slots": agent["slots"],
                "busy": agent["busy"],
                "is_draining": agent["draining"],
                "version": agent["version"],
                "heard_utc": format_time(agent["heard"]),
            }
            for agent in found["agents"]
        ],
    }
