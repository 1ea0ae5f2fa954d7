"""Submissions: how scripts describe one, and how it becomes a run."""

from studio.sdk.submission.conda_dependencies import CondaDependencies
from studio.sdk.submission.environments import Environment
from studio.sdk.submission.estimators import (
    Chainer,
    Estimator,
    Gloo,
    Keras,
    Mpi,
    Nccl,
    ParameterServer,
    PyTorch,
    SKLearn,
    TensorFlow,
)
from studio.sdk.submission.resubmit import resubmit_here
from studio.sdk.submission.run_configuration import (
    RunConfiguration,
    environment_of_definition,
)
from studio.sdk.submission.run_configuration_files import parse_yaml, read_yaml
from studio.sdk.submission.script_run_config import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DataReferenceConfiguration,
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    ResourceConfiguration,
    ScriptRunConfig,
    TensorflowConfiguration,
)
from studio.sdk.submission.submit import submit_run, submit_sweep

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "Chainer",
    "CondaDependencies",
    "DataReferenceConfiguration",
    "DockerConfiguration",
    "Environment",
    "Estimator",
    "Gloo",
    "Keras",
    "Mpi",
    "MpiConfiguration",
    "Nccl",
    "ParameterServer",
    "PyTorch",
    "PyTorchConfiguration",
    "ResourceConfiguration",
    "RunConfiguration",
    "SKLearn",
    "ScriptRunConfig",
    "TensorFlow",
    "TensorflowConfiguration",
    "environment_of_definition",
    "parse_yaml",
    "read_yaml",
    "resubmit_here",
    "submit_run",
    "submit_sweep",
]
