"""The container of a script: its command line, its signals, and its removal."""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from studio.core.cancel_signals import CancelSignal
from studio.core.job_files import CONTAINER_SPOOL
from studio.core.private_files import write_private
from studio.runner.containers.engine import engine_environment, gpu_options
from studio.runner.containers.image_request import ImageRequest
from studio.runner.containers.images import PreparedImage
from studio.runner.containers.run_options import common_options, mount_option
from studio.sdk.process_tree import processes_with

VARIABLES_FILE = "container.env"
#: By it the processes of a container are found on this machine.
CONTAINER_VARIABLE = "STUDIO_CONTAINER"
#: Longer lines of a file of variables are not read by the engines.
MAX_LINE_BYTES = 60_000
#: Files of certificates that a script can need to reach the server.
CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
REMOVE_SECONDS = 30.0
FIRST_SIGNAL_CODE = 128
#: Removes the container once its standard input ends: also if the runner was killed.
#: Then the engine can have been about to create it, and the file of variables is left.
_REMOVER = (
    'if read -r _; then "$@"; else rm -f "$0"; "$@"; sleep 2; "$@"; fi >/dev/null 2>&1'
)


class Container:
    """One container, which exists from `start_words` to `remove`."""

    def __init__(
        self,
        image: PreparedImage,
        request: ImageRequest,
        folder: Path,
        code: Path,
    ) -> None:
        """`folder` is the job's: only this user can read it.

        The script has a spool of its own: it must not change what the runner sends.
        """
        self.image, self._request, self._engine = image, request, image.engine
        self._folder, self._code = folder, code
        self._spool = folder / CONTAINER_SPOOL
        self.name = f"run-studio-{secrets.token_hex(8)}"
        self._file = folder / VARIABLES_FILE
        self._remover: subprocess.Popen[bytes] | None = None
        #: Files and folders that the script can read, under their own paths.
        self.readable: Sequence[Path] = ()

    def command(
        self,
        words: Sequence[str],
        variables: Mapping[str, str],
        note: Callable[[str], None],
    ) -> tuple[list[str], dict[str, str]]:
        """The engine's command that runs the words, and its own variables.

        No variable of the script is shown in the list of processes. Raises OSError.
        """
        given = self._variables(variables)
        named = [name for name, value in given.items() if not _fits_in_file(value)]
        lines = [f"{key}={given[key]}\n" for key in given if key not in named]
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file, "".join(lines))
        options = [*self._options(variables), "--env-file", str(self._file)]
        options += [word for name in named for word in ("--env", name)]
        options += [*gpu_options(self._engine, note), *self._request.arguments]
        environment = {**engine_environment(), **{name: given[name] for name in named}}
        command = [self._engine.program, "run", *options, self.image.name, *words]
        self._start_remover()
        return command, environment

    def send(self, name: CancelSignal) -> bool:
        """Send a signal to all processes of the container; whether there was one."""
        is_sent = False
        for pid in processes_with(CONTAINER_VARIABLE, self.name):
            # An init process passes signals on: the script would get them twice.
            is_init = self._engine.has_init() and _is_first(pid)
            if not is_init or name is CancelSignal.KILL:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.Signals[name.value])
                    is_sent = True
        if is_sent:
            return True
        # This machine does not show them to this user.
        done = self._engine.query("kill", "--signal", name.value, self.name)
        return done.returncode == 0

    def exit_status(self, code: int) -> int:
        """The script's, for the engine's exit code; negative for a signal."""
        return FIRST_SIGNAL_CODE - code if FIRST_SIGNAL_CODE < code < 160 else code

    def remove(self) -> None:
        """Remove it and its processes, if it exists. Calling it again is harmless."""
        with contextlib.suppress(OSError):
            self._file.unlink()
        remover, self._remover = self._remover, None
        if remover is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            remover.communicate(b"\n", REMOVE_SECONDS)

    def _start_remover(self) -> None:
        words = [self._engine.program, "rm", "--force"]
        words += ["--time", "0", "--ignore"] if self._engine.is_podman else []
        self._remover = subprocess.Popen(
            ["/bin/sh", "-c", _REMOVER, str(self._file), *words, self.name],
            env=engine_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _options(self, variables: Mapping[str, str]) -> Iterator[str]:
        yield from common_options(self._engine, self._request)
        yield from ("--name", self.name, "--sig-proxy=false")
        yield from ("--workdir", str(self._code))
        if self._engine.has_init():
            yield "--init"
        for folder in (self._code, self._spool, *self._home()):
            yield from mount_option(folder)
        named = {Path(variables.get(name) or "") for name in CERTIFICATE_VARIABLES}
        named.update(self.readable)
        for path in sorted(named):
            if path.is_absolute() and path.exists():
                yield from mount_option(path, is_writable=False)

    def _home(self) -> Iterator[Path]:
        """A home folder, where the image's users are not this process's."""
        if not self._is_root():
            home = self._folder / "home"
            home.mkdir(mode=0o700, exist_ok=True)
            yield home

    def _is_root(self) -> bool:
        return self._engine.user.startswith("0:")

    def _variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        usual = {
            "PYTHONUNBUFFERED": "1",
            # mpirun refuses to work for root, which is this user here.
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        }
        if not self._is_root():
            name = _user_name()
            home = str(self._folder / "home")
            usual |= {"HOME": home, "USER": name, "LOGNAME": name}
        given = {**usual, **variables, CONTAINER_VARIABLE: self.name}
        given["STUDIO_SPOOL"] = str(self._spool)
        own = self.image.variables.get("PYTHONPATH")
        if own:
            given["PYTHONPATH"] = os.pathsep.join(
                filter(None, (given.get("PYTHONPATH"), own))
            )
        return given


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _is_first(pid: int) -> bool:
    """Whether it is the first process of its container."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return line.split()[-1] == "1"
    return False


def _fits_in_file(value: str) -> bool:
    """Whether a line of a file of variables can have this value."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return False
    return size < MAX_LINE_BYTES and not {"\n", "\r"} & set(value)
