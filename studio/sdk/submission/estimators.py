"""Estimators: the older form of a ScriptRunConfig, which v1 scripts still use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.sdk.errors import UserErrorException
from studio.sdk.submission.conda_dependencies import CondaDependencies
from studio.sdk.submission.environments import Environment
from studio.sdk.submission.run_configuration import MAX_RUN_SECONDS
from studio.sdk.submission.script_run_config import (
    MpiConfiguration,
    PyTorchConfiguration,
    ScriptRunConfig,
    TensorflowConfiguration,
)

_DEFAULT_SCRIPT = "train.py"
#: Settings of v1 for machines and images of Azure.
_WITHOUT_EFFECT = frozenset(
    (
        "custom_docker_base_image",
        "custom_docker_image",
        "framework_version",
        "image_registry_details",
        "parameter_server_count",
        "shm_size",
        "source_directory_data_store",
        "use_docker",
        "use_gpu",
        "user_managed",
        "vm_priority",
        "vm_size",
        "worker_count",
        "_disable_validation",
        "_enable_optimized_mode",
        "_show_lint_warnings",
        "_show_package_warnings",
    )
)


class Mpi(MpiConfiguration):
    """How many processes mpirun starts on each machine."""

    def __init__(self, process_count_per_node: int = 1) -> None:
        super().__init__(process_count_per_node)


class Gloo(PyTorchConfiguration):
    """Ranks of PyTorch that communicate with Gloo."""

    def __init__(self) -> None:
        super().__init__("Gloo")


class Nccl(PyTorchConfiguration):
    """Ranks of PyTorch that communicate with NCCL."""

    def __init__(self) -> None:
        super().__init__("Nccl")


class ParameterServer(TensorflowConfiguration):
    """Workers and parameter servers of TensorFlow: one process is started."""

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        super().__init__(
            worker_count=worker_count, parameter_server_count=parameter_server_count
        )


class Estimator(ScriptRunConfig):
    """A script with its parameters, packages and target; submit it with `submit`.

    `script_params` are arguments by name; one with the value "" is a switch. Without
    packages the script runs with the interpreter that submits it, or the agent's.
    Settings of images and machines of Azure have no effect. Raises
    ExperimentExecutionException if the script does not exist.
    """

    def __init__(
        self,
        source_directory: str,
        *,
        compute_target: Any = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = None,
        **without_effect: Any,
    ) -> None:
        _check_settings(without_effect)
        environment = environment_definition or _environment(
            Path(source_directory),
            conda_packages,
            pip_packages,
            conda_dependencies_file or conda_dependencies_file_path,
            pip_requirements_file or pip_requirements_file_path,
        )
        super().__init__(
            source_directory,
            entry_script or _DEFAULT_SCRIPT,
            arguments=_arguments(script_params or {}),
            compute_target=compute_target,
            environment=environment,
            distributed_job_config=_distribution(
                distributed_training,
                distributed_backend,
                node_count,
                process_count_per_node,
            ),
            resume_from=resume_from,
            max_run_duration_seconds=max_run_duration_seconds or MAX_RUN_SECONDS,
        )
        self.run_config.environment_variables.update(environment_variables or {})
        #: Datasets that the script reads from `run.input_datasets`.
        self.inputs = list(inputs or ())


class PyTorch(Estimator):
    """An Estimator for PyTorch, which must be among its packages."""


class TensorFlow(Estimator):
    """An Estimator for TensorFlow, which must be among its packages."""


class Keras(Estimator):
    """An Estimator for Keras, which must be among its packages."""


class Chainer(Estimator):
    """An Estimator for Chainer, which must be among its packages."""


class SKLearn(Estimator):
    """An Estimator for scikit-learn, which must be among its packages."""


def _check_settings(names: Iterable[str]) -> None:
    """Raise TypeError for a setting that v1 does not have."""
    unknown = sorted(set(names) - _WITHOUT_EFFECT)
    if unknown:
        raise TypeError(f"An Estimator has no argument {unknown[0]!r}.")


def _arguments(parameters: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = []
    for name, value in parameters.items():
        found.append(name)
        # As in v1, a switch has an empty value.
        if not (isinstance(value, str) and value == ""):
            found.append(value)
    return found


def _environment(
    folder: Path,
    conda_packages: Sequence[str] | None,
    pip_packages: Sequence[str] | None,
    conda_file: str | None,
    pip_file: str | None,
) -> Environment | None:
    """The environment of the packages; None without any."""
    if conda_file and pip_file:
        raise UserErrorException(
            "Give an Estimator a file of conda or one of pip, not both."
        )
    if conda_file or pip_file:
        # v1 looks in the folder of the script first.
        name = str(conda_file or pip_file)
        path = folder / name if (folder / name).is_file() else Path(name)
        if conda_file:
            return Environment.from_conda_specification("estimator", str(path))
        return Environment.from_pip_requirements("estimator", str(path))
    if not conda_packages and not pip_packages:
        return None
    created = Environment("estimator")
    created.python.conda_dependencies = CondaDependencies.create(
        pip_packages=list(pip_packages or ()),
        conda_packages=list(conda_packages or ()),
    )
    return created


def _distribution(
    training: Any, backend: str | None, node_count: int, process_count: int
) -> Any:
    if training is not None:
        if isinstance(training, (MpiConfiguration, PyTorchConfiguration)):
            training.node_count = max(training.node_count, node_count)
        return training
    if backend == "mpi" or process_count > 1:
        return MpiConfiguration(process_count, node_count)
    if backend in ("nccl", "gloo"):
        return PyTorchConfiguration(backend.capitalize(), node_count=node_count)
    return MpiConfiguration(node_count=node_count) if node_count > 1 else None
