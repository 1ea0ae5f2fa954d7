"""Which class a run gets: by its type, or because the script itself is that run.

The classes register here when their modules are loaded. So code that finds or creates
runs needs no import of the classes, which themselves find and create runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from studio.core.errors import InvalidName, NotFound
from studio.core.names import check_run_id
from studio.sdk.connection import WorkspaceConnection

#: Called with an experiment and the run as a dict.
RunFactory = Callable[..., Any]
SCRIPT_RUN = "azureml.scriptrun"

_factories: dict[str, RunFactory] = {}
_run_classes: dict[str, RunFactory] = {}
_script_run_finders: list[Callable[[bool], Any]] = []
_environment_readers: list[Callable[[Mapping[str, Any]], Any]] = []
_model_writers: list[Callable[..., Any]] = []


def register_run_class(run_class: RunFactory, run_type: str = "") -> None:
    """Use the class for runs of a type, or for all others without a type."""
    _run_classes[run_type] = run_class


def add_run_factory(run_type: str, factory: RunFactory) -> None:
    """Let a user's function create the runs of a type.

    Raises ValueError if the type has a function or class already.
    """
    if run_type in _factories or run_type == SCRIPT_RUN:
        raise ValueError(f"The run type {run_type!r} is registered already")
    _factories[run_type] = factory


def create_run(
    experiment: Any,
    info: Mapping[str, Any],
    tags: Mapping[str, str | None] | None = None,
) -> Any:
    """A run object of the class of its type, from what the server reported."""
    run_type = info.get("type") or ""
    if run_type in _factories:
        return _factories[run_type](experiment, dict(info))
    run_class = _run_classes.get(run_type) or _run_classes[""]
    return run_class(experiment, info["id"], _info=info, _tags=tags)


def read_run(connection: WorkspaceConnection, run_id: str) -> dict[str, Any]:
    """What the server reports about the run of that id. Raises NotFound."""
    try:
        # An id with a slash would be another path on the server.
        check_run_id(run_id)
    except InvalidName as error:
        raise NotFound(f"There is no run {run_id!r} in this workspace") from error
    return dict(connection.get(f"runs/{run_id}"))


def get_run_of_workspace(workspace: Any, run_id: str) -> Any:
    """The run of that id, of any experiment. Raises NotFound."""
    info = read_run(workspace._connection, run_id)
    return create_run(workspace._experiment_of(info), info)


def register_script_run_finder(find: Callable[[bool], Any]) -> None:
    """Use the function to find the run that this script was started as."""
    _script_run_finders[:] = [find]


def find_script_run(allow_offline: bool) -> Any:
    """The run that this script was started as; None outside of a run.

    With `allow_offline` it is an object that prints instead of None.
    """
    return _script_run_finders[0](allow_offline)


def register_environment_reader(read: Callable[[Mapping[str, Any]], Any]) -> None:
    """Use the function to create the Environment of a definition."""
    _environment_readers[:] = [read]


def register_model_writer(write: Callable[..., Any]) -> None:
    """Use the function to register files of a run as a model."""
    _model_writers[:] = [write]


def write_model(run: Any, *details: Any) -> Any:
    """Register files of the run as a model."""
    return _model_writers[0](run, *details)


def environment_of(definition: Mapping[str, Any]) -> Any:
    """The Environment that a run was defined with."""
    return _environment_readers[0](definition)
