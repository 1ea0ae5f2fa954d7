"""Experiments."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.experiment import Experiment

__all__ = ["Experiment"]

__getattr__ = refuse_unknown_names(__name__, __all__)
