"""An environment as the content of files and requests, with v1's keys, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.sdk.errors import UserErrorException
from studio.sdk.submission.conda_dependencies import (
    CondaDependencies,
    conda_dependencies_of,
)
from studio.sdk.submission.run_configuration_files import read_yaml
from studio.sdk.submission.settings_sections import load_section, section_content

#: The files of a saved environment, as v1 names them.
CONTENT_FILE = "azureml_environment.json"
PACKAGES_FILE = "conda_dependencies.yml"
_OWN_KEYS = ("name", "version", "environmentVariables", "python", "docker")


def environment_content(environment: Any) -> dict[str, Any]:
    """The content of an environment. A changed one has no registered version."""
    content = {
        **environment._other_settings,
        "name": environment.name,
        "version": environment.version,
        "environmentVariables": dict(environment.environment_variables),
        "python": _python_content(environment.python),
        "docker": section_content(environment.docker),
    }
    known = environment._registered_content
    if known is not None and known != _without_version(content):
        content["version"] = None
    return content


def load_environment(
    environment: Any, content: Mapping[str, Any], folder: Path
) -> None:
    """Set an environment's attributes; files that the content names are in `folder`."""
    environment.version = content.get("version")
    environment.environment_variables = dict(content.get("environmentVariables") or {})
    python = dict(content.get("python") or {})
    packages = python.pop("condaDependencies", None)
    load_section(environment.python, python)
    packages_file = python.get("condaDependenciesFile")
    if packages is None and packages_file:
        # v1's path is that in the project, ours that next to the configuration.
        for place in (folder, folder.parent):
            if (place / packages_file).is_file():
                packages = read_yaml(place / packages_file)
                break
    if packages is not None:
        environment.python.conda_dependencies = conda_dependencies_of(packages)
    load_section(environment.docker, content.get("docker"))
    others = {key: one for key, one in content.items() if key not in _OWN_KEYS}
    environment._other_settings = others


def mark_as_registered(environment: Any, version: str) -> None:
    """Remember the registered content, to notice later changes."""
    environment.version = version
    environment._registered_content = _without_version(environment_content(environment))


def write_folder(environment: Any, folder: Path) -> None:
    """Write the files from which `read_folder` reads the environment."""
    content = environment_content(environment)
    packages: CondaDependencies = environment.python.conda_dependencies
    content["python"] = {
        **content["python"],
        "condaDependencies": None,
        "condaDependenciesFile": PACKAGES_FILE,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, indent=4, ensure_ascii=False)
        (folder / CONTENT_FILE).write_text(text, encoding="utf-8")
        packages_text = packages.serialize_to_string()
        (folder / PACKAGES_FILE).write_text(packages_text, encoding="utf-8")
    except OSError as error:
        raise UserErrorException(
            f"{folder} cannot be written: {error.strerror}"
        ) from error


def read_folder(folder: Path) -> dict[str, Any]:
    """The content of a saved environment. Raises UserErrorException."""
    file = folder / CONTENT_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserErrorException(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserErrorException(f"{file} is not JSON: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        raise UserErrorException(f"{file} is not an environment: it has no name")
    python = {**(content.get("python") or {})}
    if python.get("condaDependencies") is None and (folder / PACKAGES_FILE).is_file():
        python["condaDependenciesFile"] = PACKAGES_FILE
    return {**content, "python": python}


def _python_content(section: Any) -> dict[str, Any]:
    python = section_content(section)
    packages = python.pop("condaDependencies", None) or CondaDependencies()
    dependencies: list[Any] = [*packages.conda]
    if packages.pip:
        dependencies.append({"pip": list(packages.pip)})
    channels = {"channels": list(packages.channels)} if packages.channels else {}
    conda = {**channels, "dependencies": dependencies}
    return {**python, "condaDependencies": conda}


def _without_version(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in content.items() if key != "version"}
