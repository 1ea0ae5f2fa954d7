"""The v1 SDK's main names."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
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

__getattr__ = refuse_unknown_names(__name__, __all__)
