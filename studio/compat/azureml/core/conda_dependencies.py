"""Packages by name."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.submission import CondaDependencies

__all__ = ["CondaDependencies"]

__getattr__ = refuse_unknown_names(__name__, __all__)
