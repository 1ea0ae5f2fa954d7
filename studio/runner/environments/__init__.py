"""Environments of submitted runs: the interpreter as it is, or a cached one.

A definition that names packages gets a virtual environment, known by the hash of what
it is made of.
"""

from studio.runner.environments.cache import CachedEnvironment, delete_unused
from studio.runner.environments.prepare import (
    EnvironmentFailed,
    PreparedEnvironment,
    RunCommand,
    WaitingNote,
    packages_for_pip,
    prepare_environment,
    read_packages,
)
from studio.runner.environments.requirements import Requirements

__all__ = [
    "CachedEnvironment",
    "EnvironmentFailed",
    "PreparedEnvironment",
    "Requirements",
    "RunCommand",
    "WaitingNote",
    "delete_unused",
    "packages_for_pip",
    "prepare_environment",
    "read_packages",
]
