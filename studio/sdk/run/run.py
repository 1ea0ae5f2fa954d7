"""Runs: the object that a training script logs to and a notebook reads from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from typing import List as ListOf  # noqa: UP035 (`list` is a method here)

from studio.sdk.errors import (
    RunEnvironmentException,
    UserErrorException,
)
from studio.sdk.keyvault import read_secret
from studio.sdk.run.read_api import ReadApi
from studio.sdk.run.run_queries import Tags, find_runs, find_runs_of_target
from studio.sdk.run.run_types import (
    SCRIPT_RUN,
    RunFactory,
    add_run_factory,
    create_run,
    environment_of,
    find_script_run,
    get_run_of_workspace,
    read_run,
    register_run_class,
    write_model,
)
from studio.sdk.run.state import RunState

if TYPE_CHECKING:
    from studio.sdk.compute import ComputeTarget
    from studio.sdk.experiment import Experiment
    from studio.sdk.models import Model
    from studio.sdk.submission import Environment
    from studio.sdk.workspace import Workspace


class Run(ReadApi):
    """An existing run of an experiment, by its id. Raises NotFound.

    `experiment.start_logging()` starts a new run; `Run.get_context()` is the run that
    the script was started as.
    """

    #: Whether another program (a runner) ends the run, not this script.
    _is_launched = False

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        outputs: str | None = None,
        _info: Mapping[str, Any] | None = None,
        _tags: Mapping[str, str | None] | None = None,
        **_ignored: Any,
    ) -> None:
        info = _info or read_run(experiment._connection, run_id)
        if info.get("experiment", experiment.name) != experiment.name:
            experiment = experiment.workspace._experiment_of(info)
        state = RunState(
            experiment,
            run_id,
            info=info,
            tags=_tags,
            outputs=outputs,
            is_launched=self._is_launched,
        )
        super().__init__(state)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run of that id, of any experiment. Raises NotFound."""
        run: Run = get_run_of_workspace(workspace, run_id)
        return run

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
        compute: ComputeTarget,
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
        return find_runs_of_target(
            compute.workspace,
            compute.name,
            type=type,
            tags=tags,
            properties=properties,
            status=status,
        )

    @classmethod
    def get_context(
        cls,
        allow_offline: bool = True,
        used_for_context_manager: bool = False,
        **_ignored: Any,
    ) -> Run:
        """The run that this script was started as, or starts now.

        Below `studio env`, the first call starts a run in the experiment of
        `STUDIO_EXPERIMENT`, else in one with the script's name. It ends with the
        process, and processes that this one starts join it. Without `studio env` it is
        an object that prints what it is given. With `allow_offline=False` it raises
        RunEnvironmentException instead.
        """
        run: Run | None = find_script_run(allow_offline)
        if run is None:
            raise RunEnvironmentException(
                "This script was not started as a run and knows no server: run "
                '`eval "$(studio env)"` in this shell, or use '
                "`experiment.start_logging()`."
            )
        return run

    @classmethod
    def get_submitted_run(cls, **more: Any) -> Run:
        """The older name of `get_context(allow_offline=False)`."""
        return cls.get_context(allow_offline=False, **more)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: RunFactory) -> None:
        """Create runs of a type by `run_factory(experiment, run_dict)`.

        Raises ValueError if the type has a factory.
        """
        add_run_factory(runtype, run_factory)

    @property
    def experiment(self) -> Experiment:
        """The experiment that the run belongs to."""
        experiment: Experiment = self._state.experiment
        return experiment

    @property
    def type(self) -> str | None:
        """`azureml.scriptrun` for a submitted run, None for an interactive one."""
        return self._state.info.get("type") or None

    @property
    def number(self) -> int:
        """The run's number in its experiment."""
        return int(self._state.info.get("number") or 0)

    @property
    def name(self) -> str:
        """The same as `display_name`."""
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name that lists show; it can be set, up to 500 characters."""
        return self._info.display_name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._info.set_display_name(name)

    @property
    def description(self) -> str | None:
        """The description in Markdown; None without one. It can be set."""
        return self._state.info.get("description") or None

    @description.setter
    def description(self, text: str | None) -> None:
        self._info.set_description(text or "")

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags as last read; `get_tags()` reads them again."""
        tags = self._state.tags
        return self.get_tags() if tags is None else dict(tags)

    def get_tags(self) -> dict[str, str | None]:
        """The tags as they are now."""
        return self._texts.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        """The properties as last read."""
        properties = self._state.properties
        return self.get_properties() if properties is None else dict(properties)

    def get_properties(self) -> dict[str, str]:
        """The properties as they are now."""
        return self._texts.get_properties()

    def get_portal_url(self) -> str:
        """The address of the run's page."""
        return self._state.page_url()

    @property
    def portal_url(self) -> str:
        """The address of the run's page, like `get_portal_url()`."""
        return self.get_portal_url()

    def get_details(self) -> dict[str, Any]:
        """Identity, status, times (ISO 8601, UTC), error, properties, files, submitter.

        Unknown values are left out.
        """
        return self._info.get_details()

    def get_details_with_logs(self) -> dict[str, Any]:
        """The details with the texts of the log files instead of their addresses."""
        return self._info.get_details_with_logs()

    @property
    def status(self) -> str:
        """The status as last read; `get_status()` reads it again."""
        return self._state.status

    def get_status(self) -> str:
        """The status as it is now."""
        return self._lifecycle.get_status()

    def get_detailed_status(self) -> dict[str, Any]:
        """The status, and the error of a failed run."""
        status = self.get_status()
        return {"status": status, "details": self._state.info.get("error") or None}

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait for the end and return `get_details()`; `show_output` prints the log.

        Raises ActivityFailedException for a failed run. If it is interrupted, it raises
        ExperimentExecutionException, and the run continues.
        """
        return self._lifecycle.wait_for_completion(
            show_output=show_output, raise_on_error=raise_on_error
        )

    def clean(self) -> ListOf[str]:  # noqa: UP006
        """Delete what the run left on its compute target; returns the deleted files.

        Always empty: a run works where its script is, and its files are on the server.
        """
        return []

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: object = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
        **_more: Any,
    ) -> Model:
        """Register files of the run as a new version of a model; returns it.

        `model_path` is a file or folder of the run, by default that of the model's
        name. Raises UserErrorException if the run has none.
        """
        model: Model = write_model(
            self,
            model_name,
            model_path,
            tags,
            properties,
            description,
            model_framework,
            model_framework_version,
        )
        return model

    def get_secret(self, name: str) -> str:
        """A secret of the workspace that this script was given as a variable.

        Raises UserErrorException for any other.
        """
        return read_secret(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        """Secrets by their names; see `get_secret`."""
        return {name: self.get_secret(name) for name in secrets}

    def get_environment(self) -> Environment:
        """The environment that a submitted run was defined with.

        Raises UserErrorException for other runs.
        """
        definition = self._info.read_definition()
        if definition is None:
            raise UserErrorException(
                f"Run {self.id} was not submitted, so no environment is kept. Look at "
                "its snapshot: run.restore_snapshot()."
            )
        environment: Environment = environment_of(definition)
        return environment

    def __repr__(self) -> str:
        return (
            f"Run(Experiment: {self.experiment.name},\n"
            f"Id: {self.id},\n"
            f"Type: {self.type},\n"
            f"Status: {self.status})"
        )

    def _repr_html_(self) -> str:
        # Only notebooks need it.
        from studio.sdk.notebook import run_html

        return run_html(self)


class ScriptRun(Run):
    """A run of a submitted script."""

    def cancel(self) -> None:
        """End as Canceled at once on `local`; elsewhere the agent stops the script."""
        self._lifecycle.cancel_submitted()


register_run_class(Run)
register_run_class(ScriptRun, SCRIPT_RUN)


def get_run(
    experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True
) -> Run:
    """The run of that id as the class of its type. Raises NotFound."""
    run: Run = create_run(experiment, read_run(experiment._connection, run_id))
    return run
