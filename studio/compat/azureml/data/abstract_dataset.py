"""Datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.compat.missing import refuse_unknown_names
from studio.sdk.data import (
    AbstractDataset,
)

__all__ = [
    "AbstractDataset",
]

if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(__name__, __all__)
