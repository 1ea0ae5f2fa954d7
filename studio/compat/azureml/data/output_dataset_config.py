"""Folders for outputs of runs."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.data import (
    OutputFileDatasetConfig,
)

__all__ = [
    "OutputFileDatasetConfig",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
