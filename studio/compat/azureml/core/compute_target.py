"""Compute targets."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.compute import ComputeTarget
from studio.sdk.errors import ComputeTargetException

__all__ = ["ComputeTarget", "ComputeTargetException"]

__getattr__ = refuse_unknown_names(__name__, __all__)
