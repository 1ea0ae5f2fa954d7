"""Training."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names

__all__: list[str] = []

__getattr__ = refuse_unknown_names(__name__, __all__)
