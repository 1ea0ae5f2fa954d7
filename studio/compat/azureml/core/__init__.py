"""The v1 SDK's main names."""

from __future__ import annotations

from typing import Any

from studio.sdk import (
    ComputeTarget,
    Environment,
    Experiment,
    Run,
    RunConfiguration,
    ScriptRun,
    ScriptRunConfig,
    Workspace,
    get_run,
)

#: The v1 SDK whose names these are.
VERSION = "1.61.0"
__version__ = VERSION

__all__ = [
    "VERSION",
    "ComputeTarget",
    "Environment",
    "Experiment",
    "Run",
    "RunConfiguration",
    "ScriptRun",
    "ScriptRunConfig",
    "Workspace",
    "get_run",
]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from studio.compat.missing import missing_name

    raise missing_name(__name__, name, __all__)
