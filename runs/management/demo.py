"""`manage.py studio --demo`: a small sweep next to the server, through the SDK."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

#: The sweep's runs end as such when they are interrupted; that takes a moment.
END_SECONDS = 15.0


def require_sklearn() -> None:
    """Raises CommandError where what trains is not installed."""
    if importlib.util.find_spec("sklearn") is None:
        raise CommandError(
            "--demo needs scikit-learn, which is not installed. Run "
            "`pip install scikit-learn`."
        )


@contextmanager
def run_training(home: Path, print_line: Callable[[str], object]) -> Iterator[None]:
    """Run the sweep during a block, and stop it at the end.

    `print_line` gets a line if the training ends before that.
    """
    folder = home / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    # What it prints is on the runs' pages; one trial fails, which is no news here.
    with (folder / "sweep.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "studio.demo.sweep"],
            cwd=folder,
            env=training_environment(home, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A process group of its own, so that one signal reaches the sweep and its
            # trials.
            start_new_session=True,
        )
    is_stopped = threading.Event()

    def wait() -> None:
        code = process.wait()
        if not is_stopped.is_set():
            print_line(end_message(code, folder))

    threading.Thread(target=wait, daemon=True).start()
    try:
        yield
    finally:
        is_stopped.set()
        stop_training(process)


def end_message(code: int, folder: Path) -> str:
    if code:
        return f"The training of --demo failed. See {folder / 'sweep.log'}."
    return "The training of --demo has finished. One child run fails on purpose."


def training_environment(home: Path, folder: Path) -> dict[str, str]:
    """The server of this home folder, whatever this shell uses otherwise."""
    others = ("STUDIO_URL", "STUDIO_TOKEN", "STUDIO_WORKSPACE", "STUDIO_MODE")
    kept = {name: value for name, value in os.environ.items() if name not in others}
    modules = [str(settings.BASE_DIR), *kept.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, modules)),
        "STUDIO_HOME": str(home),
        # The user's own spool can have leftovers for other servers.
        "STUDIO_SPOOL": str(folder / "spool"),
    }


def stop_training(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the sweep and its trials, which then end their runs."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            return
