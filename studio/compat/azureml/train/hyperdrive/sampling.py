"""Which combinations of values are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.compat.missing import refuse_unknown_names
from studio.sdk.hyperdrive import (
    BayesianParameterSampling,
    GridParameterSampling,
    HyperParameterSampling,
    RandomParameterSampling,
)

__all__ = [
    "BayesianParameterSampling",
    "GridParameterSampling",
    "HyperParameterSampling",
    "RandomParameterSampling",
]

if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(__name__, __all__)
