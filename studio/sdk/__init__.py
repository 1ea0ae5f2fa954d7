"""The Python SDK of Run Studio.

    from studio.sdk import Workspace, Experiment

    workspace = Workspace.from_config()
    with Experiment(workspace, "digits").start_logging() as run:
        run.log("loss", 0.5)

`eval "$(studio env)"` tells it which server to use. See docs/user/sdk.md.
"""

from __future__ import annotations

from typing import Any

from studio.sdk.changes import BulkResult, Change
from studio.sdk.comments import Comment
from studio.sdk.compute import ComputeTarget
from studio.sdk.errors import (
    ActivityFailedException,
    AzureMLException,
    ExperimentExecutionException,
    NotSupportedError,
    RunCanceled,
    RunEnvironmentException,
    SnapshotException,
    UserErrorException,
    WorkspaceException,
)
from studio.sdk.experiment import Experiment
from studio.sdk.media import LoggedMedia, MediaItem
from studio.sdk.metric_history import MetricHistory
from studio.sdk.run import (
    LogMatch,
    Run,
    ScriptRun,
    get_run,
    register_environment_reader,
    register_model_writer,
    register_script_run_finder,
)
from studio.sdk.run_query import RunQuery
from studio.sdk.submission import (
    CondaDependencies,
    Environment,
    RunConfiguration,
    ScriptRunConfig,
    environment_of_definition,
)
from studio.sdk.workspace import Workspace

__all__ = [
    "ActivityFailedException",
    "AzureMLException",
    "BulkResult",
    "Change",
    "Comment",
    "ComputeTarget",
    "CondaDependencies",
    "Environment",
    "Experiment",
    "ExperimentExecutionException",
    "LogMatch",
    "LoggedMedia",
    "MediaItem",
    "MetricHistory",
    "NotSupportedError",
    "Run",
    "RunCanceled",
    "RunConfiguration",
    "RunEnvironmentException",
    "RunQuery",
    "ScriptRun",
    "ScriptRunConfig",
    "SnapshotException",
    "UserErrorException",
    "Workspace",
    "WorkspaceException",
    "get_run",
]


def _find_script_run(allow_offline: bool) -> Any:
    # Few scripts are started as a run.
    from studio.sdk.script_context import find_script_run

    return find_script_run(allow_offline)


def _write_model(run: Any, *details: Any) -> Any:
    from studio.sdk.models import register_run_model

    return register_run_model(run, *details)


register_script_run_finder(_find_script_run)
register_model_writer(_write_model)
register_environment_reader(environment_of_definition)
