"""The parent run of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.compat.missing import refuse_unknown_names
from studio.sdk.hyperdrive import (
    HyperDriveRun,
    PrimaryMetricGoal,
)

__all__ = [
    "HyperDriveRun",
    "PrimaryMetricGoal",
]

if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(__name__, __all__)
