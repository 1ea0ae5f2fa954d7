"""The v1 SDK's main names."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from studio.sdk.data import Dataset, Datastore
    from studio.sdk.keyvault import Keyvault
    from studio.sdk.models import Model

#: The v1 SDK whose names these are.
VERSION = "1.61.0"
__version__ = VERSION

__all__ = [
    "VERSION",
    "ComputeTarget",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "Keyvault",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRun",
    "ScriptRunConfig",
    "Workspace",
    "get_run",
]

if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(
        __name__,
        __all__,
        lazy={
            "Dataset": "studio.sdk.data",
            "Datastore": "studio.sdk.data",
            "Keyvault": "studio.sdk.keyvault",
            "Model": "studio.sdk.models",
        },
    )
