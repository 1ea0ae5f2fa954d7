"""RunConfiguration, and its files `.azureml/<name>.runconfig` as v1 writes them.

Nothing is started by it here: what a file says is kept, shown and written out again,
also what this version gives no attribute of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from studio.sdk.errors import UserErrorException
from studio.sdk.submission.environments import CondaDependencies, Environment, Section
from studio.sdk.submission.run_configuration_files import (
    place_found,
    place_to_write,
    read_yaml,
    write_yaml,
)

MAX_SECONDS = 2_592_000
PACKAGES = "environment.yml"

#: What v1 writes of the sections that scripts set, under its names.
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
PLAIN = ("script", "arguments", "target", "framework", "communicator")
LIMITS = ("max_run_duration_seconds", "node_count", "priority")


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
        arguments: list[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: Any = None,
        command: str | list[str] | None = None,
        **_ignored: Any,
    ) -> None:
        self.script = script
        self.arguments = list(arguments or [])
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.command = command
        self.target: Any = "local"
        self.environment: Any = Environment("local")
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.environment_variables: dict[str, str] = {}
        self.max_run_duration_seconds = MAX_SECONDS
        self.node_count = 1
        self.priority: int | None = None
        for name, settings in SECTIONS.items():
            setattr(self, name, _section(settings))
        self._more: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"RunConfiguration(script={self.script!r}, target={self.target!r})"

    def save(
        self,
        path: str | None = None,
        name: str | None = None,
        separate_environment_yaml: bool = False,
    ) -> None:
        """Write a file that `load` and v1 read.

        `path` is a project's folder (the working folder unless given) whose file is
        `.azureml/<name>.runconfig`, or `aml_config/…` where only that is there; without
        a name it is the file itself. With `separate_environment_yaml` the packages go
        to `environment.yml` beside it. Raises UserErrorException where no name is given
        for a folder, or nothing can be written.
        """
        place = place_to_write(Path(path or "."), name)
        known = _written(self)
        python = known["environment"]["python"]
        if separate_environment_yaml:
            packages = python.pop("condaDependencies")
            python["condaDependenciesFile"] = PACKAGES
            write_yaml(place.with_name(PACKAGES), packages)
        write_yaml(place, known)

    @staticmethod
    def load(path: str, name: str | None = None) -> RunConfiguration:
        """Read a file that `save`, v1 or its CLI wrote.

        `path` is the file, or a project's folder with `.azureml/<name>` or
        `aml_config/<name>`, both with or without `.runconfig`, in it or a folder below.
        Raises UserErrorException where there is none, or it is not one.
        """
        place = place_found(Path(path), name)
        said = read_yaml(place)
        try:
            return _read_from(said, place.parent)
        except (AttributeError, TypeError, ValueError) as error:
            raise UserErrorException(
                f"{place} is not a run configuration: {error}"
            ) from error

    @staticmethod
    def delete(path: str, name: str) -> None:
        """Remove the file that `load(path, name)` reads.

        Raises UserErrorException where there is none.
        """
        place_found(Path(path), name).unlink()


def _read_from(said: dict[str, Any], folder: Path) -> RunConfiguration:
    made = RunConfiguration()
    made._more = said
    for name in (*PLAIN, *LIMITS, "command", "environment_variables"):
        value = said.get(_camel(name))
        if value is not None:
            setattr(made, name, value)
    made.arguments = list(made.arguments)
    made.environment_variables = dict(made.environment_variables)
    for name in SECTIONS:
        getattr(made, name).__dict__.update(_snakes(said.get(name)))
    made.environment = _environment(said.get("environment") or {}, folder)
    return made


def _environment(said: dict[str, Any], folder: Path) -> Environment:
    made = Environment(said.get("name") or "local")
    made.version = said.get("version")
    made.environment_variables = dict(said.get("environmentVariables") or {})
    python = dict(said.get("python") or {})
    packages = python.pop("condaDependencies", None)
    made.python.__dict__.update(_snakes(python))
    beside = python.get("condaDependenciesFile")
    if packages is None and beside and (folder / beside).is_file():
        packages = read_yaml(folder / beside)
    if packages is not None:
        made.python.conda_dependencies = _packages(packages)
    made.docker.__dict__.update(_snakes(said.get("docker")))
    return made


def _packages(said: dict[str, Any]) -> CondaDependencies:
    made = CondaDependencies()
    listed = list(said.get("dependencies") or ())
    made.conda = [one for one in listed if isinstance(one, str)]
    nested = [one.get("pip") or [] for one in listed if isinstance(one, dict)]
    made.pip = [str(one) for group in nested for one in group]
    return made


def _written(config: RunConfiguration) -> dict[str, Any]:
    """What goes to the file: first what v1 writes, then what was read besides."""
    known: dict[str, Any] = {name: getattr(config, name) for name in PLAIN}
    known["target"] = getattr(config.target, "name", config.target)
    known |= {_camel(name): getattr(config, name) for name in LIMITS}
    environment, more = config.environment, config._more.get("environment") or {}
    python = dict(vars(environment.python))
    packages = python.pop("conda_dependencies", None) or CondaDependencies()
    listed: list[Any] = [*packages.conda]
    if packages.pip:
        listed.append({"pip": list(packages.pip)})
    known["environment"] = {
        **more,
        "name": environment.name,
        "version": environment.version,
        "environmentVariables": dict(environment.environment_variables),
        "python": {**_camels(python), "condaDependencies": {"dependencies": listed}},
        "docker": _camels(vars(environment.docker)),
    }
    known |= {name: _camels(vars(getattr(config, name))) for name in SECTIONS}
    known["command"] = config.command
    known["environmentVariables"] = dict(config.environment_variables)
    rest = {name: said for name, said in config._more.items() if name not in known}
    return {**known, **rest}


def _section(settings: dict[str, Any]) -> Section:
    copies = {
        name: list(value) if isinstance(value, list) else value
        for name, value in settings.items()
    }
    return Section(**_snakes(copies))


def _snakes(said: dict[str, Any] | None) -> dict[str, Any]:
    return {_snake(name): value for name, value in (said or {}).items()}


def _camels(settings: dict[str, Any]) -> dict[str, Any]:
    return {_camel(name): value for name, value in settings.items()}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)
