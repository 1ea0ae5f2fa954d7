"""Datasets of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.compat.missing import refuse_unknown_names
from studio.sdk.data import (
    TabularDataset,
)

__all__ = [
    "TabularDataset",
]

if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(__name__, __all__)
