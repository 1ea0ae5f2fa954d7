"""The environment that a script describes; the runner of a submission creates it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from studio.sdk.errors import NotSupportedError, UserErrorException

#: The submitter's own version.
DEFAULT_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


class CondaDependencies:
    """Packages of conda and pip by name."""

    def __init__(self, conda_dependencies_file_path: str | None = None) -> None:
        self.conda: list[str] = [f"python={DEFAULT_PYTHON}"]
        self.pip: list[str] = []
        self.channels: list[str] = []
        if conda_dependencies_file_path is not None:
            path = Path(conda_dependencies_file_path)
            self.conda, self.pip, self.channels = _read_conda(path)

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str = DEFAULT_PYTHON,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        created = CondaDependencies()
        created.set_python_version(python_version)
        created.conda += list(conda_packages or ())
        created.pip += list(pip_packages or ())
        return created

    def set_python_version(self, version: str) -> None:
        others = [one for one in self.conda if not one.startswith("python=")]
        self.conda = [f"python={version}", *others]

    def add_pip_package(self, pip_package: str) -> None:
        self.pip.append(pip_package)

    def add_conda_package(self, conda_package: str) -> None:
        self.conda.append(conda_package)

    def add_channel(self, channel: str) -> None:
        self.channels.append(channel)

    @property
    def conda_packages(self) -> list[str]:
        return list(self.conda)

    @property
    def pip_packages(self) -> list[str]:
        return list(self.pip)

    def serialize_to_string(self) -> str:
        """The packages as the YAML of an environment file."""
        lines = ["channels:", *(f"- {one}" for one in self.channels)]
        lines = lines if self.channels else []
        lines += ["dependencies:", *(f"- {one}" for one in self.conda)]
        if self.pip:
            lines += ["- pip:", *(f"  - {one}" for one in self.pip)]
        return "\n".join(lines) + "\n"

    def save_to_file(
        self, base_directory: str, conda_file_path: str = "conda_dependencies.yml"
    ) -> str:
        (Path(base_directory) / conda_file_path).write_text(self.serialize_to_string())
        return conda_file_path


class SettingsSection:
    """Settings by name; scripts can set any."""

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings)


class Environment:
    """An environment by its name, with its packages and variables."""

    def __init__(self, name: str, **_ignored: Any) -> None:
        self.name = name
        self.version: str | None = None
        self.environment_variables: dict[str, str] = {}
        self.python: Any = SettingsSection(
            user_managed_dependencies=False,
            interpreter_path="python",
            conda_dependencies=CondaDependencies(),
            conda_dependencies_file=None,
        )
        self.docker: Any = SettingsSection(
            enabled=False, base_image=None, base_dockerfile=None, arguments=[]
        )

    def __repr__(self) -> str:
        return f"Environment(Name: {self.name},\nVersion: {self.version})"

    @staticmethod
    def from_pip_requirements(name: str, file_path: str) -> Environment:
        """An environment with the packages of a requirements file."""
        created = Environment(name)
        lines = _read_lines(Path(file_path))
        created.python.conda_dependencies.pip = [
            line for line in lines if not line.startswith("#")
        ]
        return created

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> Environment:
        """An environment with the packages of a conda environment file."""
        created = Environment(name)
        packages = CondaDependencies(file_path)
        created.python.conda_dependencies = packages
        return created

    @staticmethod
    def from_existing_conda_environment(
        name: str, conda_environment_name: str
    ) -> Environment:
        created = Environment(name)
        created.python.user_managed_dependencies = True
        return created

    @staticmethod
    def from_docker_image(name: str, image: str, **_more: Any) -> Environment:
        created = Environment(name)
        created.docker.enabled = True
        created.docker.base_image = image
        return created

    @staticmethod
    def get(workspace: Any, name: str, version: str | None = None) -> Environment:
        """Not offered: environments are not stored on the server."""
        raise NotSupportedError(
            f"Environments are not kept on the server: make {name!r} by "
            f"Environment({name!r}) in the script."
        )

    @staticmethod
    def list(workspace: Any) -> dict[str, Environment]:
        """Empty: environments are not stored on the server."""
        return {}

    def register(self, workspace: Any) -> Environment:
        """Returns the environment itself: nothing is stored on the server."""
        return self

    def clone(self, new_name: str) -> Environment:
        created = Environment(new_name)
        created.environment_variables = dict(self.environment_variables)
        created.python, created.docker = self.python, self.docker
        return created

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write the environment to files in the folder `path`."""
        folder = Path(path)
        if folder.exists() and not overwrite:
            raise UserErrorException(f"{path} is there already; pass overwrite=True")
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "name": self.name,
            "version": self.version,
            "environmentVariables": self.environment_variables,
        }
        (folder / "azureml_environment.json").write_text(json.dumps(content, indent=4))
        packages = self.python.conda_dependencies
        (folder / "conda_dependencies.yml").write_text(packages.serialize_to_string())


def _read_lines(path: Path, *, strip: bool = True) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserErrorException(f"{path} cannot be read: {error.strerror}") from error
    lines = [line for line in text.splitlines() if line.strip()]
    return [line.strip() for line in lines] if strip else lines


def _read_conda(path: Path) -> tuple[list[str], list[str], list[str]]:
    """The conda and pip packages of an environment file, and its channels.

    Lines are `- name`; those of pip are indented below `- pip:`.
    """
    conda: list[str] = []
    pip: list[str] = []
    channels: list[str] = []
    target: list[str] | None = None
    for line in _read_lines(path, strip=False):
        text = line.strip()
        if text in ("dependencies:", "channels:"):
            target = conda if text == "dependencies:" else channels
        elif text == "- pip:":
            target = pip
        elif target is not None and text.startswith("- "):
            indented = line.startswith("  ")
            (pip if target is pip and indented else conda).append(text[2:].strip())
        elif text and not line.startswith((" ", "-", "#")):
            target = None
    return conda, pip, channels
