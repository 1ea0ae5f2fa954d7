"""Packages of conda and pip by name."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studio.sdk.submission.run_configuration_files import read_yaml

#: The submitter's own version.
DEFAULT_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


class CondaDependencies:
    """Packages of conda and pip by name, as in `numpy`, `numpy==2.1` or `numpy>=2`.

    `conda_dependencies_file_path` is the YAML file of an environment to start from.
    Raises UserErrorException if it cannot be read.
    """

    def __init__(self, conda_dependencies_file_path: str | None = None) -> None:
        self.conda: list[str] = [f"python={DEFAULT_PYTHON}"]
        self.pip: list[str] = []
        self.channels: list[str] = []
        if conda_dependencies_file_path is not None:
            read = conda_dependencies_of(read_yaml(Path(conda_dependencies_file_path)))
            self.conda, self.pip, self.channels = read.conda, read.pip, read.channels

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str = DEFAULT_PYTHON,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Create from lists of packages; `python_version` is like `3.11`.

        `pip_indexurl` and `pin_sdk_version` are ignored.
        """
        created = CondaDependencies()
        created.set_python_version(python_version)
        created.conda += list(conda_packages or ())
        created.pip += list(pip_packages or ())
        return created

    def set_python_version(self, version: str) -> None:
        """Use this version of Python, like `3.11`."""
        others = [one for one in self.conda if not one.startswith("python=")]
        self.conda = [f"python={version}", *others]

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package that pip installs."""
        self.pip.append(pip_package)

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package that conda installs."""
        self.conda.append(conda_package)

    def add_channel(self, channel: str) -> None:
        """Add a channel of conda, such as `conda-forge`."""
        self.channels.append(channel)

    @property
    def conda_packages(self) -> list[str]:
        """The packages that conda installs, with Python."""
        return list(self.conda)

    @property
    def pip_packages(self) -> list[str]:
        """The packages that pip installs."""
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
        """Write the environment file below `base_directory`; returns its path there."""
        (Path(base_directory) / conda_file_path).write_text(self.serialize_to_string())
        return conda_file_path


def conda_dependencies_of(content: Mapping[str, Any]) -> CondaDependencies:
    """The packages in the content of an environment file."""
    created = CondaDependencies()
    dependencies = list(content.get("dependencies") or ())
    created.conda = [one for one in dependencies if isinstance(one, str)]
    created.channels = [str(one) for one in content.get("channels") or ()]
    nested = [one.get("pip") or [] for one in dependencies if isinstance(one, dict)]
    created.pip = [str(one) for group in nested for one in group]
    return created
