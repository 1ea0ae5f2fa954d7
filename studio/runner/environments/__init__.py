"""Environments of submitted runs: the interpreter as it is, or a cached one.

A definition that names packages gets a virtual environment, known by the hash of what
it is made of.
"""

from studio.runner.environments.prepare import (
    EnvironmentFailed,
    PreparedEnvironment,
    prepare_environment,
)

__all__ = ["EnvironmentFailed", "PreparedEnvironment", "prepare_environment"]
