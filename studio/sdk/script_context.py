"""The run that this script was started as, or one that only prints."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from studio.core.names import check_run_id
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.context_run import find_context_run
from studio.sdk.process import find_rank_group
from studio.sdk.responses import Unreachable
from studio.sdk.run import (
    JOINED_VARIABLE,
    RUN_VARIABLE,
    EndsWithBlock,
    Run,
    find_begun_run,
)
from studio.sdk.warnings import warn
from studio.sdk.workspace import Workspace

#: For the children of a script whose experiment no server can tell.
UNKNOWN_EXPERIMENT = "Default"

#: So that a second call returns the same object.
_submitted_runs: dict[str, Run] = {}


class SubmittedRun(Run):
    """The run of this script: what started it reports its end."""

    _is_launched = True

    @property
    def input_datasets(self) -> Mapping[str, Any]:
        """The inputs by name: the path of an input's files, or the dataset itself."""
        definition = self._info.read_definition() or {}
        if not definition.get("data"):
            return {}
        from studio.sdk.data import InputDatasets, inputs_of

        inputs = inputs_of(definition)
        return InputDatasets(self.experiment.workspace, inputs, os.environ)

    @property
    def output_datasets(self) -> dict[str, Any]:
        """Always empty: a script gets the paths of its outputs as arguments."""
        return {}

    def cancel(self) -> None:
        """Only warn: a script cannot cancel itself."""
        warn(
            "A script cannot cancel the run that it is: end it, or cancel on its page."
        )


class JoinedRun(SubmittedRun):
    """The run of another process of this script: that process reports its end.

    An exception that ends a rank fails the run, since the other ranks only wait then.
    """


def find_script_run(allow_offline: bool) -> Any:
    """The run that the environment names, or that this script starts, or one that
    prints, if that is allowed."""
    run = find_submitted_run() or find_context_run(_join_run)
    return OfflineRun() if run is None and allow_offline else run


def find_submitted_run() -> Run | None:
    """The run that the environment names; None outside of a run."""
    run_id = os.environ.get(RUN_VARIABLE) or ""
    # On a machine of Azure, the variable names one of Azure's runs.
    if not run_id and os.environ.get("STUDIO_URL"):
        run_id = os.environ.get("AZUREML_RUN_ID") or ""
    if not run_id:
        return None
    own: Run | None = find_begun_run(run_id)
    if own is not None:
        return own
    if run_id not in _submitted_runs:
        workspace = Workspace()
        info = _read_run_or_assume_running(workspace._connection, check_run_id(run_id))
        if os.environ.get(JOINED_VARIABLE) == run_id:
            return _join_run(workspace, info)
        experiment = workspace._experiment_of(info)
        _submitted_runs[run_id] = SubmittedRun(experiment, run_id, _info=info)
    return _submitted_runs[run_id]


def _join_run(workspace: Workspace, info: dict[str, Any]) -> JoinedRun:
    run = JoinedRun(workspace._experiment_of(info), info["id"], _info=info)
    _submitted_runs[run.id] = run
    # What this process starts joins, too.
    for name in (RUN_VARIABLE, JOINED_VARIABLE):
        os.environ[name] = run.id
    run._lifecycle.join_process(fails_run=find_rank_group() is not None)
    return run


def _read_run_or_assume_running(
    connection: WorkspaceConnection, run_id: str
) -> dict[str, Any]:
    """The run as the server reports it; without a server, as the environment does."""
    if not connection.is_buffering:
        try:
            return dict(connection.try_now("GET", f"runs/{run_id}"))
        except Unreachable as error:
            connection.start_buffering(error)
    name = os.environ.get("AZUREML_ARM_PROJECT_NAME") or UNKNOWN_EXPERIMENT
    return {"id": run_id, "experiment": name, "status": "Running"}


class OfflineRun(EndsWithBlock):
    """What a script without a run gets, as in v1: prints calls and sends nothing."""

    def __init__(self, parent: OfflineRun | None = None) -> None:
        self.id = f"OfflineRun_{uuid.uuid4()}"
        self.parent = parent

    def __repr__(self) -> str:
        return f"_OfflineRun(Id: {self.id})"

    def __getattr__(self, name: str) -> Any:
        """Raise AttributeError for everything else, as the v1 SDK does."""
        if name.startswith("_"):
            raise AttributeError(f"_OfflineRun has no attribute {name!r}")
        raise AttributeError(
            f"There is no {name!r} outside of a run, where nothing is kept: begin one "
            "with `experiment.start_logging()`, or set STUDIO_RUN_ID to a run's id."
        )

    def log(
        self, name: str, value: object, description: str = "", **_more: Any
    ) -> None:
        """Print the call, which `Run.log` explains."""
        _print_call(f"log scalar metric {name}", value)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Print the call, which `Run.log_list` explains."""
        _print_call(f"log list metric {name}", list(value))

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Print the call, which `Run.log_row` explains."""
        _print_call(f"log row metric {name}", kwargs)

    def log_table(
        self, name: str, value: Mapping[str, Any], description: str = ""
    ) -> None:
        """Print the call, which `Run.log_table` explains."""
        _print_call(f"log table metric {name}", value)

    def log_image(
        self,
        name: str,
        path: object = None,
        plot: object = None,
        description: str = "",
    ) -> None:
        """Print the call, which `Run.log_image` explains."""
        _print_call(f"log image metric {name}", plot if path is None else path)

    def log_confusion_matrix(
        self, name: str, value: object, description: str = ""
    ) -> None:
        """Print the call, which `Run.log_confusion_matrix` explains."""
        _print_call(f"log confusion matrix {name}", value)

    def log_accuracy_table(
        self, name: str, value: object, description: str = ""
    ) -> None:
        """Print the call, which `Run.log_accuracy_table` explains."""
        _print_call(f"log accuracy table {name}", value)

    def log_residuals(self, name: str, value: object, description: str = "") -> None:
        """Print the call, which `Run.log_residuals` explains."""
        _print_call(f"log residuals {name}", value)

    def log_predictions(self, name: str, value: object, description: str = "") -> None:
        """Print the call, which `Run.log_predictions` explains."""
        _print_call(f"log predictions {name}", value)

    def tag(self, key: str, value: str | None = None) -> None:
        """Print the call, which `Run.tag` explains."""
        _print_call(f"add tag {key}", value)

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        """Print the call, which `Run.set_tags` explains."""
        _print_call("set tags", tags)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Print the call, which `Run.remove_tags` explains."""
        _print_call("remove tags", tags)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Print the call, which `Run.add_properties` explains."""
        _print_call("add properties", properties)

    def upload_file(self, name: str, path_or_stream: object, **_more: Any) -> None:
        """Print the call, which `Run.upload_file` explains."""
        _print_call(f"upload file {name}", path_or_stream)

    def upload_files(self, names: object, paths: object, **_more: Any) -> None:
        """Print the call, which `Run.upload_files` explains."""
        _print_call(f"upload files {names}", paths)

    def upload_folder(self, name: str, path: object, **_more: Any) -> None:
        """Print the call, which `Run.upload_folder` explains."""
        _print_call(f"upload folder {name}", path)

    def child_run(self, name: str | None = None, **_more: Any) -> OfflineRun:
        """Another object that prints what it is given."""
        return OfflineRun(self)

    def complete(self, _set_status: bool = True) -> None:
        """Do nothing: there is no run to end."""

    def fail(
        self,
        error_details: object = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None:
        """Print the call, which `Run.fail` explains."""
        _print_call("mark the run as failed", error_details)

    def cancel(self) -> None:
        """Do nothing: there is no run to cancel."""

    def _end_canceled(self, message: str) -> None:
        """Do nothing."""

    @property
    def cancel_requested(self) -> bool:
        """Always False, as nothing can cancel it."""
        return False

    def flush(self, timeout_seconds: float | None = 300) -> None:
        """Do nothing, as nothing is sent."""

    def __enter__(self) -> OfflineRun:
        return self


def _print_call(action: str, value: object) -> None:
    print(f"Attempted to {action}:\n{value}")  # noqa: T201
