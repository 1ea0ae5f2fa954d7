"""How a script should run: built and checked here, submitted by an experiment."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from studio.sdk.errors import ExperimentExecutionException, UserErrorException
from studio.sdk.submission.run_configuration import (
    MAX_RUN_SECONDS,
    RunConfiguration,
    as_words,
)
from studio.sdk.warnings import warn

#: v1's own images: one is used only where a script names it.
DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"


class _KeptSettings:
    """Settings by name, kept as they are given."""

    def __init__(self, *words: Any, **settings: Any) -> None:
        self.words = words
        self.__dict__.update(settings)


class MpiConfiguration:
    """How many processes mpirun starts."""

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node, self.node_count = (
            process_count_per_node,
            node_count,
        )

    def apply_to(self, config: RunConfiguration) -> None:
        """Set what `config` has for this kind of training."""
        config.communicator = "OpenMpi"
        config.node_count = config.mpi.node_count = self.node_count
        config.mpi.process_count_per_node = self.process_count_per_node


class PyTorchConfiguration:
    """How many processes PyTorch starts, each with RANK and WORLD_SIZE."""

    def __init__(
        self,
        communication_backend: str = "Nccl",
        process_count: int | None = None,
        node_count: int = 1,
    ) -> None:
        self.communication_backend = communication_backend
        self.process_count, self.node_count = process_count, node_count

    def apply_to(self, config: RunConfiguration) -> None:
        """Set what `config` has for this kind of training."""
        config.framework, config.communicator = "PyTorch", self.communication_backend
        config.pytorch.communication_backend = self.communication_backend
        config.node_count = config.pytorch.node_count = self.node_count
        # As in v1: of all nodes; one for each node if it is not given.
        config.pytorch.process_count = self.process_count or self.node_count


class TensorflowConfiguration(_KeptSettings):
    """How many workers TensorFlow starts: only one is started here."""

    def apply_to(self, _config: RunConfiguration) -> None:
        """Only warn: the script starts the workers itself."""
        warn(
            "TensorflowConfiguration starts one process: start the workers in the "
            "script, and set TF_CONFIG there."
        )


class DockerConfiguration:
    """Whether the script runs in a container of the environment's image, and how."""

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool | None = None,
        arguments: list[str] | None = None,
        shm_size: str | None = None,
    ) -> None:
        self.use_docker, self.shared_volumes = use_docker, shared_volumes
        self.arguments, self.shm_size = list(arguments or []), shm_size

    def apply_to(self, config: RunConfiguration) -> None:
        """Set what `config` has for the image."""
        for name, value in vars(self).items():
            setattr(config.docker, name, value)


class DataReferenceConfiguration(_KeptSettings):
    """Where a run finds files of a datastore. Pass a dataset as an argument instead."""


class ResourceConfiguration:
    """What a service of a model needs: kept with the model, and without effect."""

    def __init__(
        self,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        gpu: int | None = None,
    ) -> None:
        self.cpu, self.memory_in_gb, self.gpu = cpu, memory_in_gb, gpu


class ScriptRunConfig:
    """A script in a folder, its arguments, and where it should run.

    Raises ExperimentExecutionException if the script does not exist, and
    UserErrorException if both script and command are given.
    """

    def __init__(
        self,
        source_directory: str,
        script: str | None = None,
        arguments: list[Any] | str | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: Any = None,
        environment: Any = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: int = MAX_RUN_SECONDS,
        command: str | list[Any] | None = None,
        docker_runtime_config: Any = None,
    ) -> None:
        if script is not None and command is not None:
            raise UserErrorException(
                "Give ScriptRunConfig a script or a command, not both"
            )
        others = (
            compute_target,
            environment,
            distributed_job_config,
            docker_runtime_config,
        )
        if run_config is not None and any(one is not None for one in others):
            warn(
                "With run_config, the other parameters of ScriptRunConfig are ignored."
            )
        self.source_directory = str(Path(source_directory or ".").absolute())
        self.script = script
        self.arguments = as_words(arguments)
        self.command = command
        # Several submissions can share one run_config.
        self.run_config = copy.deepcopy(run_config) or _create_configuration(
            compute_target, environment, max_run_duration_seconds
        )
        if run_config is None and hasattr(distributed_job_config, "apply_to"):
            distributed_job_config.apply_to(self.run_config)
        if run_config is None and hasattr(docker_runtime_config, "apply_to"):
            docker_runtime_config.apply_to(self.run_config)
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
    if isinstance(environment, str):
        raise UserErrorException(
            "environment must be an Environment. To use a registered one: "
            f"Environment.get(ws, {environment!r})"
        )
    created = RunConfiguration()
    created.target = getattr(target, "name", target) or "local"
    created.max_run_duration_seconds = seconds
    if environment is not None:
        created.environment = environment
    return created
