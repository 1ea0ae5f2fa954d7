"""Compute targets: capacity as bars, health, and what a machine has."""

from __future__ import annotations

from runs.render.compute.health import health_label, health_pill
from runs.render.compute.machines import describe_machine
from runs.render.compute.meters import capacity_bar, use_bar
from runs.render.compute.run_links import run_link

__all__ = [
    "capacity_bar",
    "describe_machine",
    "health_label",
    "health_pill",
    "run_link",
    "use_bar",
]
