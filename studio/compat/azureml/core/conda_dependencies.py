"""Packages by name."""

from __future__ import annotations

from typing import Any

from studio.sdk.environments import CondaDependencies

__all__ = ["CondaDependencies"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from studio.compat.missing import missing_name

    raise missing_name(__name__, name, __all__)
