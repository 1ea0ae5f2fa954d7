"""Datasets as inputs of runs."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.data import (
    DatasetConsumptionConfig,
)

__all__ = [
    "DatasetConsumptionConfig",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
