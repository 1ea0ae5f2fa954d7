"""A run, live, in a notebook."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.widgets import RunDetails

__all__ = ["RunDetails"]

__getattr__ = refuse_unknown_names(__name__, __all__)
