"""The configuration of a sweep."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.hyperdrive import (
    HyperDriveConfig,
    HyperDriveRunConfig,
    PrimaryMetricGoal,
)

__all__ = [
    "HyperDriveConfig",
    "HyperDriveRunConfig",
    "PrimaryMetricGoal",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
