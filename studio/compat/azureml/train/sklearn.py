"""Estimators of scikit-learn."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.submission import (
    SKLearn,
)

__all__ = [
    "SKLearn",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
