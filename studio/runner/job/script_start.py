"""How a job's script is started: on this machine as it is, or in a container."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.job_files import JobFile
from studio.core.run_definition import (
    command_words,
    environment_variables,
    is_for_mpi,
    node_count,
    rank_count,
)
from studio.runner.containers import (
    Container,
    ImageRequest,
    PreparedImage,
    prepare_image,
    read_image_request,
)
from studio.runner.environments import (
    PreparedEnvironment,
    RunCommand,
    prepare_environment,
)
from studio.runner.job.job_inputs import input_paths
from studio.runner.job.script_environment import (
    container_variables,
    script_environment,
)
from studio.runner.mpi_rank import MPIRUN, mpi_command
from studio.runner.programs import CommandNotRunnable, find_program
from studio.runner.ranks import ranks_command
from studio.runner.slurm_nodes import nodes_command, slurm_nodes
from studio.runner.watched_folders import with_rank_logs
from studio.sdk.run_record import PythonFacts


@dataclass(frozen=True)
class ScriptStart:
    """What is started, and what is recorded of it: the script's own words.

    `command` starts with the path of its program.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    script_command: Sequence[str]
    script_variables: Mapping[str, str]
    container: Container | None = None
    record: dict[str, Any] = field(default_factory=dict)

    def remove(self) -> None:
        """Leave nothing behind."""
        if self.container is not None:
            self.container.remove()


class HostScript:
    """A script that runs with an interpreter of this machine."""

    is_on_host = True

    def __init__(self, prepared: PreparedEnvironment) -> None:
        self._prepared = prepared

    def start(self, job: JobFile, _folder: Path, code: Path) -> ScriptStart:
        """Raises CommandNotRunnable."""
        variables = script_environment(job, self._prepared, os.environ)
        variables = with_rank_logs(variables, code)
        interpreter = self._prepared.interpreter
        words = _command_of(
            job.definition,
            interpreter,
            sys.executable,
            available=slurm_nodes(os.environ),
        )
        check_script(job, code)
        if words[0] == MPIRUN and not shutil.which(MPIRUN, path=variables["PATH"]):
            raise CommandNotRunnable(
                f"{MPIRUN} is not installed on {platform.node()}. Install Open MPI or "
                "MPICH there, or submit the run without an MPI configuration.",
                127,
            )
        program = find_program(words[0], variables["PATH"], str(code))
        command = [program, *words[1:]]
        return ScriptStart(command, variables, command, variables)


class ContainerScript:
    """A script that runs in a container of an image."""

    is_on_host = False

    def __init__(
        self, image: PreparedImage, request: ImageRequest, note: Callable[[str], None]
    ) -> None:
        self._image, self._request, self._note = image, request, note

    def start(self, job: JobFile, folder: Path, code: Path) -> ScriptStart:
        """Raises CommandNotRunnable, OSError."""
        interpreter = self._image.interpreter
        prepared = PreparedEnvironment(interpreter)
        variables = script_environment(job, prepared, container_variables(os.environ))
        variables = with_rank_logs(variables, code)
        if "PATH" not in environment_variables(job.definition):
            # The image has its own.
            del variables["PATH"]
        words = _command_of(job.definition, interpreter, interpreter)
        check_script(job, code)
        container = Container(self._image, self._request, folder, code)
        container.readable = input_paths(job)
        command, environment = container.command(words, variables, self._note)
        image = f"{self._image.name} {self._image.digest}"
        record = {"image": image, "find_python": self._find_python}
        return ScriptStart(command, environment, words, variables, container, record)

    def _find_python(self) -> PythonFacts | None:
        return self._image.python


def prepare_script(
    definition: Mapping[str, Any],
    code: Path,
    cache: Path,
    *,
    run: RunCommand,
    note: Callable[[str], None],
) -> HostScript | ContainerScript:
    """Prepare the environment or the image. Raises EnvironmentFailed."""
    request = read_image_request(definition)
    if request is None:
        prepared = prepare_environment(definition, code, cache, run=run, note=note)
        return HostScript(prepared)
    image = prepare_image(request, definition, code, cache, run=run, note=note)
    return ContainerScript(image, request, note)


def check_script(job: JobFile, code: Path) -> None:
    """Raises CommandNotRunnable if the snapshot has no such script."""
    script = job.definition.get("script")
    if script and not (code / script).is_file():
        raise CommandNotRunnable(
            f"The snapshot has no file {script!r}. Submit a folder with it, or change "
            "the script's name.",
            127,
        )


def _command_of(
    definition: Mapping[str, Any],
    interpreter: str,
    launcher: str,
    *,
    available: int = 1,
) -> list[str]:
    """The words to start, for all processes of the run.

    `launcher` is the Python that starts several processes, on at most `available`
    nodes.
    """
    words = command_words(definition, interpreter)
    nodes, count = node_count(definition), rank_count(definition)
    if nodes > max(1, available):
        raise CommandNotRunnable(
            f"The run needs {nodes} nodes, and it runs on one machine. Submit it with "
            "node_count=1, or to a target of the kind slurm.",
            126,
        )
    if nodes > 1 and is_for_mpi(definition):
        # It finds the nodes itself, in the variables of the Slurm job.
        return mpi_command(nodes * count, words, launcher)
    if nodes > 1:
        return nodes_command(nodes, max(nodes, count), words, launcher)
    if count == 1:
        return words
    if is_for_mpi(definition):
        return mpi_command(count, words, launcher)
    return ranks_command(count, words, launcher)
