"""The Python SDK of Run Studio.

    from studio.sdk import Workspace, Experiment

    workspace = Workspace.from_config()
    with Experiment(workspace, "digits").start_logging() as run:
        run.log("loss", 0.5)

`eval "$(studio env)"` tells it which server to use. See docs/sdk.md.
"""

from __future__ import annotations

from studio.sdk.compute import ComputeTarget
from studio.sdk.environments import CondaDependencies, Environment
from studio.sdk.errors import (
    ActivityFailedException,
    AzureMLException,
    ExperimentExecutionException,
    NotSupportedError,
    RunEnvironmentException,
    SnapshotException,
    UserErrorException,
    WorkspaceException,
)
from studio.sdk.experiment import Experiment
from studio.sdk.run import Run, ScriptRun, get_run
from studio.sdk.run_configuration import RunConfiguration
from studio.sdk.script_run_config import ScriptRunConfig
from studio.sdk.workspace import Workspace

__all__ = [
    "ActivityFailedException",
    "AzureMLException",
    "ComputeTarget",
    "CondaDependencies",
    "Environment",
    "Experiment",
    "ExperimentExecutionException",
    "NotSupportedError",
    "Run",
    "RunConfiguration",
    "RunEnvironmentException",
    "ScriptRun",
    "ScriptRunConfig",
    "SnapshotException",
    "UserErrorException",
    "Workspace",
    "WorkspaceException",
    "get_run",
]
