"""From a definition to the interpreter that runs the script."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.runner.environments.builders import (
    Builder,
    NewEnvironment,
    PackagesNotFound,
    choose_builder,
    names_for_pip,
)
from studio.runner.environments.cache import CachedEnvironment, delete_unused
from studio.runner.environments.requirements import Requirements, read_requirements

#: Runs a command in a folder and returns its exit code; raises if the run is stopped.
RunCommand = Callable[[list[str], dict[str, str], Path], int]
#: How often a run that waits for another one looks for a cancel request.
LOOK_SECONDS = 2.0
#: The name for the interpreter that runs this runner.
DEFAULT_INTERPRETER = "python"


class EnvironmentFailed(Exception):
    """A sentence that says why there is no environment, and what to do."""


@dataclass(frozen=True)
class PreparedEnvironment:
    """An interpreter, and the variables that activate its environment."""

    interpreter: str
    variables: dict[str, str] = field(default_factory=dict)


def prepare_environment(
    definition: Mapping[str, Any],
    code: Path,
    cache: Path,
    *,
    run: RunCommand,
    note: Callable[[str], None],
) -> PreparedEnvironment:
    """Find or create the environment. `note` gets lines for the log of the build.

    Raises EnvironmentFailed.
    """
    environment = definition.get("environment") or {}
    python = environment.get("python") or {}
    if _is_docker_on(definition, environment):
        note("No image is named: the run uses an interpreter of this machine.")
    interpreter = _find_interpreter(python.get("interpreterPath"))
    if python.get("userManagedDependencies"):
        note(f"The interpreter {interpreter} is used as it is.")
        return PreparedEnvironment(interpreter)
    requirements = read_packages(python, code, note)
    try:
        builder = choose_builder(requirements, interpreter, note)
    except PackagesNotFound as error:
        raise EnvironmentFailed(str(error)) from error
    if builder is None:
        note(f"No packages to install: the interpreter {interpreter} is used.")
        return PreparedEnvironment(interpreter)
    return _get_or_build(builder, interpreter, code, cache, run, note)


def read_packages(
    python: Mapping[str, Any], code: Path, note: Callable[[str], None]
) -> Requirements:
    """The requirements; lines tell what is not done as they say.

    Raises EnvironmentFailed.
    """
    try:
        requirements = read_requirements(python, code)
    except (OSError, ValueError) as error:
        reason = str(error)
        if isinstance(error, OSError) and error.filename:
            name = os.path.relpath(error.filename, code)
            reason = f"{name}: {error.strerror}"
        raise EnvironmentFailed(
            f"A file of packages cannot be read: {reason}. Name it by its path in the "
            "submitted folder."
        ) from error
    for line in requirements.left_out:
        note(f"{line} is left out: Run Studio's own azureml takes its place.")
    for line in requirements.editable:
        note(f"{line} is installed as a copy: the folder of a run is deleted later.")
    return requirements


def packages_for_pip(
    requirements: Requirements, note: Callable[[str], None]
) -> Requirements:
    """The requirements for an image, which gets packages of pip alone.

    Raises EnvironmentFailed for packages that pip does not have.
    """
    if not requirements.conda:
        return requirements
    found, missing = names_for_pip(requirements)
    if missing:
        raise EnvironmentFailed(
            f"Packages of conda cannot be added to an image: {', '.join(missing)}. "
            "Install them in its Dockerfile, or name packages of pip."
        )
    note(f"In the image, pip installs {', '.join(found)}.")
    return requirements.with_pip(found)


def _get_or_build(
    builder: Builder,
    interpreter: str,
    code: Path,
    cache: Path,
    run: RunCommand,
    note: Callable[[str], None],
) -> PreparedEnvironment:
    key = builder.requirements.key(builder.name, interpreter, code)
    cached = CachedEnvironment(cache, key)
    try:
        waiting = WaitingNote(note, run, code)
        if not cached.is_ready:
            with cached.locked(waiting):
                if not cached.is_ready:
                    delete_unused(cache)
                    _build(builder, cached, code, run, note)
    except OSError as error:
        raise EnvironmentFailed(
            f"The environment cannot be written to {cached.folder}: "
            f"{error.strerror or error}. Free some space, or name another folder in "
            "STUDIO_CACHE."
        ) from error
    cached.use()
    note(f"The environment {cached.folder} is used.")
    return _activate(cached.folder)


def _build(
    builder: Builder,
    cached: CachedEnvironment,
    code: Path,
    run: RunCommand,
    note: Callable[[str], None],
) -> None:
    note(f"Creating the environment {cached.folder} with {builder.name}.")
    # Not within the environment: its tool wants to create that folder.
    files = cached.folder.with_name(f"{cached.folder.name}.files")
    files.mkdir(exist_ok=True)
    try:
        new = NewEnvironment(builder.requirements, cached.folder, code, files)
        for command in builder.commands(new):
            note(f"$ {' '.join(command)}")
            code_of_exit = run(command, _build_variables(), code)
            if code_of_exit:
                raise EnvironmentFailed(
                    f"The environment could not be created: {Path(command[0]).name} "
                    f"ended with exit code {code_of_exit}. See "
                    "azureml-logs/20_image_build_log.txt, and change the packages."
                )
        cached.mark_as_ready()
    except BaseException:
        # Half an environment takes space that others need.
        cached.delete()
        raise
    finally:
        shutil.rmtree(files, ignore_errors=True)


class WaitingNote:
    """Notes once that another run prepares the same environment.

    Stops waiting if the run is canceled.
    """

    def __init__(
        self, note: Callable[[str], None], run: RunCommand, code: Path
    ) -> None:
        self._note, self._run, self._code = note, run, code
        self._is_noted = False
        self._last_look = time.monotonic()

    def __call__(self) -> None:
        if not self._is_noted:
            self._is_noted = True
            self._note("Waiting: another run prepares the same environment.")
        now = time.monotonic()
        if now < self._last_look + LOOK_SECONDS:
            return
        self._last_look = now
        # It looks for a cancel request.
        self._run([sys.executable, "-c", ""], _build_variables(), self._code)


def _activate(folder: Path) -> PreparedEnvironment:
    interpreter = str(folder / "bin" / "python")
    name = "CONDA_PREFIX" if (folder / "conda-meta").exists() else "VIRTUAL_ENV"
    return PreparedEnvironment(interpreter, {name: str(folder)})


def _find_interpreter(name: str | None) -> str:
    """The interpreter's path. Raises EnvironmentFailed."""
    if not name or name == DEFAULT_INTERPRETER:
        return sys.executable
    found = shutil.which(os.path.expanduser(name))  # noqa: PTH111 (stays as it is)
    if found is None:
        raise EnvironmentFailed(
            f"The interpreter {name!r} does not exist on {platform.node()}. Change "
            "environment.python.interpreter_path, or install it there."
        )
    return found


def _is_docker_on(
    definition: Mapping[str, Any], environment: Mapping[str, Any]
) -> bool:
    docker = definition.get("docker") or {}
    image = environment.get("docker") or {}
    return bool(docker.get("useDocker") or image.get("enabled"))


def _build_variables() -> dict[str, str]:
    """The runner's environment without what would change the new environment."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in dropped}
