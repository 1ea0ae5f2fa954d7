"""Runs: the object that a training script logs to and a notebook reads from."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.sdk.children import Children
from studio.sdk.errors import (
    NotSupportedError,
    RunEnvironmentException,
    UserErrorException,
)
from studio.sdk.finding import Tags, find_runs, known_run

if TYPE_CHECKING:
    from studio.sdk.experiment import Experiment
    from studio.sdk.workspace import Workspace

SCRIPT_RUN = "azureml.scriptrun"
Factory = Callable[..., Any]
_factories: dict[str, Factory] = {}


class Run(Children):
    """An existing run of an experiment, by its id. Raises NotFound.

    `experiment.start_logging()` starts a new one; `Run.get_context()` is the one that
    the script was started as.
    """

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        outputs: str | None = None,
        _info: Mapping[str, Any] | None = None,
        _tags: Mapping[str, str | None] | None = None,
        **_ignored: Any,
    ) -> None:
        info = _info or known_run(experiment._link, run_id)
        super().__init__(experiment, run_id, info=info, tags=_tags)
        self._outputs = outputs
        if info.get("experiment", experiment.name) != experiment.name:
            self._experiment = _experiment_of(experiment.workspace, info)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run of that id, of whichever experiment. Raises NotFound."""
        info = known_run(workspace._link, run_id)
        found: Run = as_run(_experiment_of(workspace, info), info)
        return found

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: Tags = None,
        properties: Mapping[str, str] | None = None,
        status: str | None = None,
        include_children: bool = False,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The experiment's runs that meet all conditions, the newest first."""
        return find_runs(
            experiment,
            type=type,
            tags=tags,
            properties=properties,
            status=status,
            children=include_children,
        )

    @staticmethod
    def list_by_compute(
        compute: Any,
        type: str | None = None,
        tags: Tags = None,
        properties: Mapping[str, str] | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs of a compute target, of all experiments of its workspace."""
        if status not in (None, "Running", "Queued"):
            raise UserErrorException(
                f"status may only be Running or Queued, not {status!r}"
            )
        from studio.sdk.experiment import Experiment

        for experiment in Experiment.list(compute.workspace, view_type="All"):
            yield from find_runs(
                experiment,
                type=type,
                tags=tags,
                properties=properties,
                status=status,
                target=compute.name,
                children=True,
            )

    @classmethod
    def get_context(
        cls,
        allow_offline: bool = True,
        used_for_context_manager: bool = False,
        **_ignored: Any,
    ) -> Any:
        """The run that this script was started as.

        Outside of one it is a run that prints what it is told, or, with
        `allow_offline=False`, RunEnvironmentException.
        """
        from studio.sdk.context import OfflineRun, submitted_run

        found = submitted_run()
        if found is not None:
            return found
        if not allow_offline:
            raise RunEnvironmentException(
                "This script was not started as a run: use "
                "`experiment.start_logging()`, or set STUDIO_RUN_ID to a run's id."
            )
        return OfflineRun()

    @classmethod
    def get_submitted_run(cls, **more: Any) -> Any:
        """The older spelling of `get_context(allow_offline=False)`."""
        return cls.get_context(allow_offline=False, **more)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: Factory) -> None:
        """Have runs of a type made by `run_factory(experiment, run_dict)`.

        Raises ValueError where the type has one.
        """
        if runtype in _factories or runtype == SCRIPT_RUN:
            raise ValueError(f"The run type {runtype!r} is registered already")
        _factories[runtype] = run_factory

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Any = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **_more: Any,
    ) -> Any:
        """Not offered: there is no registry."""
        raise NotSupportedError(
            f"There is no model registry: keep {model_name!r} as files of the run by "
            "run.upload_folder(), or log it by mlflow.<framework>.log_model()."
        )

    def get_secret(self, name: str) -> str | None:
        """Not offered: secrets are not kept here."""
        raise NotSupportedError(
            f"Secrets are not kept here: give {name!r} to the script by its "
            "environment and read os.environ."
        )

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        """Not offered: secrets are not kept here."""
        raise NotSupportedError(
            "Secrets are not kept here: give them to the script by its environment and "
            "read os.environ."
        )

    def get_environment(self) -> Any:
        """Not offered: environments are not kept on the server."""
        raise NotSupportedError(
            "The environment of a run is not kept: look at its snapshot, "
            "run.restore_snapshot()."
        )

    def figure(self, *metrics: str, **more: Any) -> Any:
        """Metrics of this run as a plotly figure (`pip install plotly`)."""
        from studio.sdk.figures import run_figure

        return run_figure(self, *metrics, **more)

    def __repr__(self) -> str:
        return (
            f"Run(Experiment: {self._experiment.name},\n"
            f"Id: {self._id},\n"
            f"Type: {self.type},\n"
            f"Status: {self.status})"
        )

    def _repr_html_(self) -> str:
        from studio.sdk.shown import docs, link, table

        return table(
            {
                "Experiment": html.escape(self._experiment.name),
                "Id": html.escape(self._id),
                "Type": html.escape(str(self.type)),
                "Status": html.escape(self.status),
                "Details Page": link(self.get_portal_url(), "Link to Run Studio"),
                "Docs Page": link(docs(self._link.client.url), "Link to Documentation"),
            }
        )


class ScriptRun(Run):
    """A run of a submitted script."""


def get_run(
    experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True
) -> Any:
    """The run of that id as the class of its type. Raises NotFound."""
    return as_run(experiment, known_run(experiment._link, run_id))


def as_run(
    experiment: Experiment,
    info: Mapping[str, Any],
    tags: Mapping[str, str | None] | None = None,
) -> Any:
    """A run of the class of its type."""
    kind = info.get("type") or ""
    if kind in _factories:
        return _factories[kind](experiment, dict(info))
    made = ScriptRun if kind == SCRIPT_RUN else Run
    return made(experiment, info["id"], _info=info, _tags=tags)


def _experiment_of(workspace: Workspace, info: Mapping[str, Any]) -> Experiment:
    from studio.sdk.experiment import Experiment

    if "experiment_id" not in info:
        # It is not known yet: there is no server.
        return Experiment(workspace, info["experiment"])
    known = {"id": info["experiment_id"], "name": info["experiment"], "tags": {}}
    return Experiment(workspace, info["experiment"], _info=known)
