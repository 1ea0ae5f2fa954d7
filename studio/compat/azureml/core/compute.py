"""Compute targets."""

from __future__ import annotations

from typing import Any

from studio.sdk.compute import (
    AmlCompute,
    ComputeInstance,
    ComputeTarget,
    RemoteCompute,
)

__all__ = ["AmlCompute", "ComputeInstance", "ComputeTarget", "RemoteCompute"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from studio.compat.missing import missing_name

    raise missing_name(__name__, name, __all__)
