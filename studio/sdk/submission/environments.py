"""The environment that a script describes; the runner of a submission creates it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.sdk.errors import UserErrorException
from studio.sdk.submission import registered_environments as registered
from studio.sdk.submission.conda_dependencies import CondaDependencies
from studio.sdk.submission.conda_environments import find_interpreter
from studio.sdk.submission.environment_content import (
    load_environment,
    mark_as_registered,
    read_folder,
    write_folder,
)
from studio.sdk.submission.settings_sections import SettingsSection

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace

#: A comment of a requirements file; `#` within a word belongs to an address.
_COMMENT = re.compile(r"(^|\s+)#.*$")
#: A line that names a file next to the requirements file.
_FILE_LINE = re.compile(
    r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)"
)


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
        # Settings of v1 without an attribute here, and what is registered.
        self._other_settings: dict[str, Any] = {}
        self._registered_content: dict[str, Any] | None = None

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
    def from_docker_image(
        name: str,
        image: str,
        container_registry: object = None,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """An environment that is an image, with packages that are added to it.

        Of `container_registry` only the address is kept: sign in on the machine that
        runs the image.
        """
        created = _with_packages(name, conda_specification, pip_requirements)
        created.docker.enabled = True
        created.docker.base_image = image
        address = getattr(container_registry, "address", None)
        if address:
            created.docker.base_image_registry = {"address": address}
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
        created = _with_packages(name, conda_specification, pip_requirements)
        created.docker.enabled = True
        created.docker.base_dockerfile = dockerfile
        return created

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | None = None) -> Environment:
        """A registered environment, by default its newest version.

        Raises NotFound that lists the names which the workspace has.
        """
        content = registered.read_content(workspace, name, version)
        return _registered_environment(content)

    @staticmethod
    def list(workspace: Workspace) -> Mapping[str, Environment]:
        """The newest version of each registered environment, by name."""
        return registered.RegisteredEnvironments(
            registered.list_names(workspace),
            lambda name: Environment.get(workspace, name),
        )

    def register(self, workspace: Workspace) -> Environment:
        """Store the environment in the workspace, for all members.

        Returns it with its version. The same content again is the same version; other
        content is a new one. Raises InvalidName for a name that is not possible.
        """
        return _registered_environment(registered.register(workspace, self))

    @staticmethod
    def load_from_directory(path: str) -> Environment:
        """The environment that `save_to_directory` or v1 wrote to the folder `path`.

        Raises UserErrorException if there is none.
        """
        content = read_folder(Path(path))
        created = Environment(content["name"])
        load_environment(created, content, Path(path))
        return created

    def clone(self, new_name: str) -> Environment:
        """A copy with another name, which can be changed."""
        created = Environment(new_name)
        created.environment_variables = dict(self.environment_variables)
        created.python = copy.deepcopy(self.python)
        created.docker = copy.deepcopy(self.docker)
        created._other_settings = copy.deepcopy(self._other_settings)
        return created

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write the environment to files in the folder `path`."""
        folder = Path(path)
        if folder.exists() and not overwrite:
            raise UserErrorException(f"{path} is there already; pass overwrite=True")
        write_folder(self, folder)


def _registered_environment(content: dict[str, Any]) -> Environment:
    created = Environment(content["name"])
    load_environment(created, content, Path())
    mark_as_registered(created, content["version"])
    return created


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


def _with_packages(
    name: str, conda_specification: str | None, pip_requirements: str | None
) -> Environment:
    """An environment with the packages of one of the two files, or none."""
    if conda_specification is not None:
        return Environment.from_conda_specification(name, conda_specification)
    if pip_requirements is not None:
        return Environment.from_pip_requirements(name, pip_requirements)
    return Environment(name)
