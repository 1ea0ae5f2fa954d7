"""Runs of submitted scripts."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.run import ScriptRun

__all__ = ["ScriptRun"]

__getattr__ = refuse_unknown_names(__name__, __all__)
