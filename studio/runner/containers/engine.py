"""The programs that run containers: Podman, else Docker."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.runner.environments import EnvironmentFailed
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_tree import RUNNER_VARIABLE

#: By name: the words that print whether the engine's root is an ordinary user here.
_ENGINES = {
    "podman": ("info", "--format", "{{.Host.Security.Rootless}}"),
    "docker": ("info", "--format", "{{.SecurityOptions}}"),
}
QUERY_SECONDS = 60.0
#: The exit code of an engine that starts nothing.
ENGINE_FAILED = 125
_INIT_PROGRAMS = {
    "podman": ("catatonit", "/usr/libexec/podman/catatonit"),
    "docker": ("docker-init", "/usr/libexec/docker/docker-init"),
}
_CDI_FOLDERS = (Path("/etc/cdi"), Path("/var/run/cdi"))


@dataclass(frozen=True)
class Engine:
    """An engine that works on this machine.

    With `is_rootless`, its containers' root is the user that runs this process.
    """

    name: str
    program: str
    is_rootless: bool

    @property
    def user(self) -> str:
        """The user in a container that is this process's user on this machine."""
        return "0:0" if self.is_rootless else f"{os.getuid()}:{os.getgid()}"

    @property
    def is_podman(self) -> bool:
        return self.name == "podman"

    def has_init(self) -> bool:
        """Whether `--init` works: a first process that passes on signals."""
        return any(shutil.which(one) for one in _INIT_PROGRAMS[self.name])

    def query(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a short command. Its exit code is 125 if it takes too long."""
        return _run([self.program, *words])


def find_engine(title: str) -> Engine:
    """The engine for an image. Raises EnvironmentFailed."""
    host, reasons = platform.node(), []
    for name, words in _ENGINES.items():
        program = shutil.which(name)
        if program is None:
            continue
        done = _run([program, *words])
        if done.returncode == 0:
            return Engine(name, program, _is_rootless(name, done.stdout))
        reasons.append(f"{name} does not work on {host}: {last_line(done.stderr)}")
    if reasons:
        raise EnvironmentFailed(
            f"The run needs {title}. {'; '.join(reasons)}. Repair it there, or submit "
            "the run without an image."
        )
    raise EnvironmentFailed(
        f"The run needs {title}, and neither podman nor docker is installed on {host}. "
        "Install podman there, or submit the run without an image."
    )


def engine_environment() -> dict[str, str]:
    """The variables of the engine's commands.

    Its own processes are not a part of the job: they remove the container.
    """
    variables = {key: os.environ[key] for key in os.environ if key != AGENT_VARIABLE}
    return {
        **variables,
        RUNNER_VARIABLE: os.environ.get(RUNNER_VARIABLE, "engine"),
        "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
    }


def gpu_options(engine: Engine, note: Callable[[str], None]) -> list[str]:
    """The options that pass this machine's GPUs to a container."""
    if Path("/dev/kfd").exists():
        return ["--device", "/dev/kfd", "--device", "/dev/dri"]
    if not Path("/dev/nvidiactl").exists():
        return []
    if not engine.is_podman:
        return ["--gpus", "all"]
    if any(_nvidia_files()):
        return ["--device", "nvidia.com/gpu=all"]
    note(
        "Podman cannot pass on this machine's GPUs. Run there: nvidia-ctk cdi generate "
        "--output=/etc/cdi/nvidia.yaml"
    )
    return []


def last_line(text: str) -> str:
    """What an engine reports last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no message"


def _nvidia_files() -> Iterator[Path]:
    for folder in _CDI_FOLDERS:
        yield from folder.glob("nvidia*")


def _is_rootless(name: str, output: str) -> bool:
    return output.strip() == "true" if name == "podman" else "rootless" in output


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=engine_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=QUERY_SECONDS,
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))
    except subprocess.TimeoutExpired:
        message = f"no answer within {QUERY_SECONDS:g} seconds"
        return subprocess.CompletedProcess(command, ENGINE_FAILED, "", message)
