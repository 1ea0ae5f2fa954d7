"""RunConfiguration, and its files `.azureml/<name>.runconfig` as v1 writes them.

The content of a file is kept and written out again, also
settings for which this class has no attribute.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.sdk.errors import UserErrorException
from studio.sdk.submission.environment_content import (
    environment_content,
    load_environment,
)
from studio.sdk.submission.environments import Environment
from studio.sdk.submission.run_configuration_files import (
    find_path,
    path_to_write,
    read_yaml,
    write_yaml,
)
from studio.sdk.submission.settings_sections import (
    camel_case,
    copy_section,
    load_section,
    section_content,
)

MAX_RUN_SECONDS = 2_592_000
PACKAGES_FILE = "environment.yml"

#: The sections that v1 writes and scripts change, with v1's names.
SECTIONS: dict[str, dict[str, Any]] = {
    "history": {
        "outputCollection": True,
        "snapshotProject": True,
        "directoriesToWatch": ["logs"],
    },
    "spark": {"configuration": {}},
    "docker": {
        "useDocker": False,
        "sharedVolumes": True,
        "arguments": [],
        "shmSize": None,
    },
    "tensorflow": {"workerCount": 1, "parameterServerCount": 1},
    "mpi": {"processCountPerNode": 1, "nodeCount": 1},
    "pytorch": {"communicationBackend": "nccl", "processCount": None, "nodeCount": 1},
    "amlcompute": {
        "vmSize": None,
        "vmPriority": None,
        "retainCluster": False,
        "name": None,
        "clusterMaxNodeCount": None,
    },
}
#: Plain attributes, in the order of the file.
PLAIN_ATTRIBUTES = ("script", "arguments", "target", "framework", "communicator")
LIMIT_ATTRIBUTES = ("max_run_duration_seconds", "node_count", "priority")
#: Not v1's: written only where they are set.
OWN_ATTRIBUTES = (
    "secrets",
    "max_attempts",
    "terminate_after_seconds",
    "kill_after_seconds",
)


class RunConfiguration:
    """The settings of a submission, under the v1 names."""

    history: Any
    spark: Any
    docker: Any
    tensorflow: Any
    mpi: Any
    pytorch: Any
    amlcompute: Any

    def __init__(
        self,
        script: str | None = None,
        arguments: list[Any] | str | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: Any = None,
        command: str | list[Any] | None = None,
        **_ignored: Any,
    ) -> None:
        self.script = script
        self.arguments = as_words(arguments)
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.command = command
        self.target: Any = "local"
        self.environment: Any = Environment("local")
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.environment_variables: dict[str, str] = {}
        #: Inputs by name: datasets as inputs, or paths in datastores.
        self.data: dict[str, Any] = {}
        self.data_references: dict[str, Any] = {}
        self.max_run_duration_seconds = MAX_RUN_SECONDS
        self.node_count = 1
        #: In a queue: a higher one starts before a lower one; None: 0.
        self.priority: int | None = None
        #: Names of the workspace's secrets, which the script gets as variables.
        self.secrets: list[str] = []
        #: How often an agent tries it in all; None: once.
        self.max_attempts: int | None = None
        #: Seconds from a cancel until SIGTERM, and until SIGKILL.
        self.terminate_after_seconds: float | None = None
        self.kill_after_seconds: float | None = None
        for name, settings in SECTIONS.items():
            setattr(self, name, copy_section(settings))
        self._loaded_content: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"RunConfiguration(script={self.script!r}, target={self.target!r})"

    def save(
        self,
        path: str | None = None,
        name: str | None = None,
        separate_environment_yaml: bool = False,
    ) -> None:
        """Write a file that `load` and v1 read.

        `path` is a project's folder (by default the working folder). Its file is
        `.azureml/<name>.runconfig`, or in `aml_config/` if only that exists. Without a
        name, `path` is the file itself. With `separate_environment_yaml` the packages
        go to `environment.yml` in the same folder. Raises UserErrorException if a
        folder has no name for the file, or nothing can be written.
        """
        file = path_to_write(Path(path or "."), name)
        known = to_content(self)
        python = known["environment"]["python"]
        if separate_environment_yaml:
            packages = python.pop("condaDependencies")
            python["condaDependenciesFile"] = PACKAGES_FILE
            write_yaml(file.with_name(PACKAGES_FILE), packages)
        write_yaml(file, known)

    @staticmethod
    def load(path: str, name: str | None = None) -> RunConfiguration:
        """Read a file that `save`, v1 or its CLI wrote.

        `path` is the file, or a project's folder with `.azureml/<name>` or
        `aml_config/<name>`, both with or without `.runconfig`, in it or a folder below.
        Raises UserErrorException if there is none, or it is not a configuration.
        """
        file = find_path(Path(path), name)
        content = read_yaml(file)
        try:
            return _from_content(content, file.parent)
        except (AttributeError, TypeError, ValueError) as error:
            raise UserErrorException(
                f"{file} is not a run configuration: {error}"
            ) from error

    @staticmethod
    def delete(path: str, name: str) -> None:
        """Remove the file that `load(path, name)` reads.

        Raises UserErrorException if there is none.
        """
        find_path(Path(path), name).unlink()


def as_words(arguments: list[Any] | str | None) -> list[Any]:
    """The arguments as a list: v1 also takes one line, which a shell would split."""
    if not isinstance(arguments, str):
        return list(arguments or [])
    try:
        return list(shlex.split(arguments))
    except ValueError as error:
        raise UserErrorException(
            f"The arguments cannot be split into words: {error}. Give a list, such as "
            "['--lr', 0.1]."
        ) from error


def _from_content(content: dict[str, Any], folder: Path) -> RunConfiguration:
    created = RunConfiguration()
    created._loaded_content = content
    for name in (
        *PLAIN_ATTRIBUTES,
        *LIMIT_ATTRIBUTES,
        *OWN_ATTRIBUTES,
        "command",
        "environment_variables",
    ):
        value = content.get(camel_case(name))
        if value is not None:
            setattr(created, name, value)
    created.arguments = as_words(created.arguments)
    created.environment_variables = dict(created.environment_variables)
    for name in SECTIONS:
        load_section(getattr(created, name), content.get(name))
    created.environment = _to_environment(content.get("environment") or {}, folder)
    return created


def environment_of_definition(definition: Mapping[str, Any]) -> Environment:
    """The environment of a run's definition."""
    return _to_environment(definition.get("environment") or {}, Path())


def _to_environment(content: dict[str, Any], folder: Path) -> Environment:
    created = Environment(content.get("name") or "local")
    load_environment(created, content, folder)
    return created


def to_content(config: RunConfiguration) -> dict[str, Any]:
    """The content of its file: what v1 writes, then other settings that were loaded."""
    known: dict[str, Any] = {name: getattr(config, name) for name in PLAIN_ATTRIBUTES}
    known["target"] = getattr(config.target, "name", config.target)
    known |= {camel_case(name): getattr(config, name) for name in LIMIT_ATTRIBUTES}
    known["environment"] = environment_content(config.environment)
    known |= {name: section_content(getattr(config, name)) for name in SECTIONS}
    known |= {
        camel_case(name): value
        for name in OWN_ATTRIBUTES
        if (value := getattr(config, name))
    }
    known["command"] = config.command
    known["environmentVariables"] = dict(config.environment_variables)
    rest = {
        name: content
        for name, content in config._loaded_content.items()
        if name not in known
    }
    return {**known, **rest}
