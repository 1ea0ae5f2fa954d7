"""How a script should run: built and checked here, submitted by an experiment."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from studio.sdk.errors import ExperimentExecutionException, UserErrorException
from studio.sdk.submission.run_configuration import MAX_RUN_SECONDS, RunConfiguration
from studio.sdk.warnings import warn

#: Scripts pass these names on; no image is used here.
DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"


class _KeptSettings:
    """Settings by name, kept as they are given."""

    def __init__(self, *words: Any, **settings: Any) -> None:
        self.words = words
        self.__dict__.update(settings)


class MpiConfiguration(_KeptSettings):
    """How many processes MPI starts."""


class PyTorchConfiguration(_KeptSettings):
    """How many processes PyTorch starts."""


class TensorflowConfiguration(_KeptSettings):
    """How many workers TensorFlow starts."""


class DockerConfiguration(_KeptSettings):
    """Whether and how Docker is used."""


class ScriptRunConfig:
    """A script in a folder, its arguments, and where it should run.

    Raises ExperimentExecutionException if the script does not exist, and
    UserErrorException if both script and command are given.
    """

    def __init__(
        self,
        source_directory: str,
        script: str | None = None,
        arguments: list[Any] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: Any = None,
        environment: Any = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: int = MAX_RUN_SECONDS,
        command: str | list[str] | None = None,
        docker_runtime_config: Any = None,
    ) -> None:
        if script is not None and command is not None:
            raise UserErrorException(
                "Give ScriptRunConfig a script or a command, not both"
            )
        others = (compute_target, environment, distributed_job_config)
        if run_config is not None and any(one is not None for one in others):
            warn(
                "With run_config, the other parameters of ScriptRunConfig are ignored."
            )
        self.source_directory = str(Path(source_directory or ".").absolute())
        self.script = script
        self.arguments = list(arguments or [])
        self.command = command
        # Several submissions can share one run_config.
        self.run_config = copy.deepcopy(run_config) or _create_configuration(
            compute_target, environment, max_run_duration_seconds
        )
        self.run_config.script = script or self.run_config.script
        if command is not None:
            self.run_config.command = command
        if arguments is not None:
            self.run_config.arguments = self.arguments
        self.resume_from = resume_from
        self._check_script()

    def _check_script(self) -> None:
        script = self.script or self.run_config.script
        if script and not (Path(self.source_directory) / script).is_file():
            raise ExperimentExecutionException(
                f"{script} script path doesn't exist. The script should be inside the "
                f"project folder {self.source_directory}"
            )

    def __repr__(self) -> str:
        return (
            f"ScriptRunConfig(source_directory={self.source_directory!r}, "
            f"script={self.script!r}, arguments={self.arguments!r})"
        )


def _create_configuration(
    target: Any, environment: Any, seconds: int
) -> RunConfiguration:
    created = RunConfiguration()
    created.target = getattr(target, "name", target) or "local"
    created.max_run_duration_seconds = seconds
    if environment is not None:
        created.environment = environment
    return created
