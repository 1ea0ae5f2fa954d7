"""The environment that a script describes; the runner of a submission creates it."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.submission.conda_environments import find_interpreter
from studio.sdk.submission.run_configuration_files import read_yaml

#: A comment of a requirements file; `#` within a word belongs to an address.
_COMMENT = re.compile(r"(^|\s+)#.*$")
#: A line that names a file next to the requirements file.
_FILE_LINE = re.compile(
    r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)"
)
#: The submitter's own version.
DEFAULT_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


class CondaDependencies:
    """Packages of conda and pip by name."""

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


def conda_dependencies_of(content: Mapping[str, Any]) -> CondaDependencies:
    """The packages in the content of an environment file."""
    created = CondaDependencies()
    dependencies = list(content.get("dependencies") or ())
    created.conda = [one for one in dependencies if isinstance(one, str)]
    created.channels = [str(one) for one in content.get("channels") or ()]
    nested = [one.get("pip") or [] for one in dependencies if isinstance(one, dict)]
    created.pip = [str(one) for group in nested for one in group]
    return created


class SettingsSection:
    """Settings by name; scripts can set any."""

    #: The keys of a file that are no attribute's name in camel case, by attribute.
    __slots__ = ("__dict__", "file_keys")

    def __init__(self, **settings: Any) -> None:
        self.file_keys: dict[str, str] = {}
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
        lines = _requirement_lines(Path(file_path))
        created.python.conda_dependencies.pip = list(lines)
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
        """An environment of conda as it is on this machine.

        Raises UserErrorException if there is none with that name.
        """
        created = Environment(name)
        created.python.user_managed_dependencies = True
        created.python.interpreter_path = find_interpreter(conda_environment_name)
        return created

    @staticmethod
    def from_docker_image(name: str, image: str, **_more: Any) -> Environment:
        created = Environment(name)
        created.docker.enabled = True
        created.docker.base_image = image
        return created

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """An environment whose image is built, with packages that are added to it.

        `dockerfile` is the text or the path of the file. Its COPY reads the submitted
        folder.
        """
        if conda_specification is not None:
            created = Environment.from_conda_specification(name, conda_specification)
        elif pip_requirements is not None:
            created = Environment.from_pip_requirements(name, pip_requirements)
        else:
            created = Environment(name)
        created.docker.enabled = True
        created.docker.base_dockerfile = dockerfile
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
        created.python = copy.deepcopy(self.python)
        created.docker = copy.deepcopy(self.docker)
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


def _requirement_lines(
    path: Path, above: frozenset[Path] = frozenset()
) -> Iterator[str]:
    """The lines of a requirements file, with those of the files that it names."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserErrorException(f"{path} cannot be read: {error.strerror}") from error
    above |= {path.resolve()}
    for raw in text.replace("\\\n", "").splitlines():
        line = _COMMENT.sub("", raw).strip()
        named = _FILE_LINE.fullmatch(line)
        if named is None or "://" in named[2]:
            if line:
                yield line
            continue
        file = path.parent / named[2].strip("'\"")
        if named[1] in ("-c", "--constraint"):
            yield f"-c {file}"
        elif file.resolve() not in above:
            yield from _requirement_lines(file, above)
