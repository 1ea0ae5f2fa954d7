"""The parent run of a sweep."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.hyperdrive import (
    HyperDriveRun,
    PrimaryMetricGoal,
)

__all__ = [
    "HyperDriveRun",
    "PrimaryMetricGoal",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
