"""Sweeps: create them, add children, stop children early, and end them."""

from __future__ import annotations

from runs.actions.sweeps.advance import LiveSweeps
from runs.actions.sweeps.bayesian import check_optuna
from runs.actions.sweeps.children import add_children
from runs.actions.sweeps.creation import create_sweep, start_sweep
from studio.core.run_definition import SWEEP_TYPE

__all__ = [
    "SWEEP_TYPE",
    "LiveSweeps",
    "add_children",
    "check_optuna",
    "create_sweep",
    "start_sweep",
]
