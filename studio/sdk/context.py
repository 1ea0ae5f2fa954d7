"""The run that a script was started as, or one that only prints."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from studio.core.names import check_run_id
from studio.sdk.link import Link
from studio.sdk.responses import Unreachable
from studio.sdk.run import Run, _experiment_of
from studio.sdk.telling import warn
from studio.sdk.workspace import Workspace

#: Where children go that a script starts while no server says where it belongs.
UNKNOWN_EXPERIMENT = "Default"


class SubmittedRun(Run):
    """The run of this script: what launched it says when it ends."""

    _is_launched = True

    @property
    def input_datasets(self) -> dict[str, Any]:
        return {}

    @property
    def output_datasets(self) -> dict[str, Any]:
        return {}

    def cancel(self) -> None:
        """Only a warning: a script cannot cancel itself."""
        warn(
            "A script cannot cancel the run that it is: end it, or cancel on its page."
        )


def submitted_run() -> SubmittedRun | None:
    """The run that the environment names; None outside of one."""
    run_id = os.environ.get("STUDIO_RUN_ID") or ""
    if not run_id and os.environ.get("STUDIO_URL"):
        run_id = os.environ.get("AZUREML_RUN_ID") or ""
    if not run_id:
        return None
    workspace = Workspace()
    info = _known(workspace._link, check_run_id(run_id))
    return SubmittedRun(_experiment_of(workspace, info), run_id, _info=info)


def _known(link: Link, run_id: str) -> dict[str, Any]:
    """What the server says of the run; without one, what the environment does."""
    if not link.deferred:
        try:
            return dict(link.try_now("GET", f"runs/{run_id}"))
        except Unreachable as error:
            link.defer(error)
    name = os.environ.get("AZUREML_ARM_PROJECT_NAME") or UNKNOWN_EXPERIMENT
    return {"id": run_id, "experiment": name, "status": "Running"}


class OfflineRun:
    """Prints what it is told, and sends nothing."""

    def __init__(self, parent: OfflineRun | None = None) -> None:
        self.id = f"OfflineRun_{uuid.uuid4()}"
        self.parent = parent

    def __repr__(self) -> str:
        return f"_OfflineRun(Id: {self.id})"

    def __getattr__(self, name: str) -> Any:
        """What only a run on a server has: AttributeError, as of the v1 SDK."""
        if name.startswith("_"):
            raise AttributeError(f"_OfflineRun has no attribute {name!r}")
        raise AttributeError(
            f"There is no {name!r} outside of a run, where nothing is kept: begin one "
            "with `experiment.start_logging()`, or set STUDIO_RUN_ID to a run's id."
        )

    def log(self, name: str, value: Any, description: str = "", **_more: Any) -> None:
        _say(f"log scalar metric {name}", value)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        _say(f"log list metric {name}", list(value))

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        _say(f"log row metric {name}", kwargs)

    def log_table(
        self, name: str, value: Mapping[str, Any], description: str = ""
    ) -> None:
        _say(f"log table metric {name}", value)

    def log_image(
        self,
        name: str,
        path: str | None = None,
        plot: Any = None,
        description: str = "",
    ) -> None:
        _say(f"log image metric {name}", path or plot)

    def log_confusion_matrix(
        self, name: str, value: Any, description: str = ""
    ) -> None:
        _say(f"log confusion matrix {name}", value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        _say(f"log accuracy table {name}", value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        _say(f"log residuals {name}", value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        _say(f"log predictions {name}", value)

    def tag(self, key: str, value: str | None = None) -> None:
        _say(f"add tag {key}", value)

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        _say("set tags", tags)

    def remove_tags(self, tags: Iterable[str]) -> None:
        _say("remove tags", tags)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        _say("add properties", properties)

    def upload_file(self, name: str, path_or_stream: Any, **_more: Any) -> None:
        _say(f"upload file {name}", path_or_stream)

    def upload_files(self, names: Any, paths: Any, **_more: Any) -> None:
        _say(f"upload files {names}", paths)

    def upload_folder(self, name: str, path: Any, **_more: Any) -> None:
        _say(f"upload folder {name}", path)

    def child_run(self, name: str | None = None, **_more: Any) -> OfflineRun:
        return OfflineRun(self)

    def complete(self, _set_status: bool = True) -> None:
        """Nothing is to be done."""

    def fail(
        self,
        error_details: Any = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None:
        _say("mark the run as failed", error_details)

    def cancel(self) -> None:
        """Nothing is to be done."""

    def flush(self, timeout_seconds: float | None = 300) -> None:
        """Nothing is to be done."""

    def __enter__(self) -> OfflineRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and (not isinstance(error, SystemExit) or error.code):
            self.fail(error)


def _say(what: str, value: Any) -> None:
    print(f"Attempted to {what}:\n{value}")  # noqa: T201
