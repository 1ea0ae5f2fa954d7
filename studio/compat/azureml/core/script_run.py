"""Runs of submitted scripts."""

from __future__ import annotations

from typing import Any

from studio.sdk.run import ScriptRun

__all__ = ["ScriptRun"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from studio.compat.missing import missing_name

    raise missing_name(__name__, name, __all__)
