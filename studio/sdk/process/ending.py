"""The end of the process: each run that it began and did not end is concluded.

Exit 0 completes them, an exception or another exit code fails them, SIGINT and SIGTERM
cancel them. An exception in a thread ends only that thread.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from studio.core.errors import StudioError
from studio.core.statuses import RunStatus
from studio.sdk.process.begun_runs import BegunRun, add_run, open_runs
from studio.sdk.process.cancellation import install_wakeup, remove_wakeup
from studio.sdk.process.exit_reason import (
    COMPLETED,
    ExitReason,
    exits,
    reason_of_exception,
)
from studio.sdk.process.session import cells, is_interactive

#: What sent SIGTERM sends SIGKILL soon, docker after 10 seconds.
SIGTERM_SECONDS = 6.0

#: The signals that each thread blocked before it forks.
_forking = threading.local()
_at_exit: list[Callable[[], None]] = []


def run_at_exit(act: Callable[[], None]) -> None:
    """Call it when the process has ended its runs.

    Exit handlers run in the reverse order of their registration. This module is loaded
    with the SDK, so that handlers of the script can still log.
    """
    _at_exit.append(act)


def watch_run(run: BegunRun) -> None:
    """Conclude the run at the end of this process, unless it ends before."""
    add_run(run)
    install_hooks()
    _register_exit_of_worker()


def install_hooks() -> None:
    """Note how the process ends. Can be repeated."""
    exits.install()
    cells.start()
    if threading.current_thread() is threading.main_thread():
        install_wakeup()
        # Another handler is the script's own, and decides.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _end_by_sigterm)


def _register_exit_of_worker() -> None:
    """A forked worker of `multiprocessing` ends without `atexit`."""
    module: Any = sys.modules.get("multiprocessing.util")
    processes: Any = sys.modules.get("multiprocessing.process")
    if module is not None and processes.parent_process() is not None:
        # Before the writers of the worker are closed (10).
        module.Finalize(None, _end_worker, exitpriority=20)


def current_reason() -> ExitReason:
    """Why the process ends."""
    return COMPLETED if is_interactive() else exits.reason()


@atexit.register
def _end_process() -> None:
    reason = current_reason()
    with contextlib.suppress(KeyboardInterrupt):
        end_open_runs(reason)
    for act in _at_exit:
        act()
    if isinstance(reason.error, KeyboardInterrupt):
        _exit_by_sigint()


def _exit_by_sigint() -> None:
    """Let Python end the process by SIGINT, so that a shell's loop ends, too.

    Python does so after an uncaught KeyboardInterrupt, but not after its subclass
    RunCanceled, and not if an exit handler evaluates a text, as imports of dataclasses
    do.
    """
    with contextlib.suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102


def _end_worker() -> None:
    """The end of a worker of `multiprocessing`, also while an exception ends it."""
    error = sys.exc_info()[1]
    end_open_runs(COMPLETED if error is None else reason_of_exception(error))


def end_open_runs(reason: ExitReason, seconds: float | None = None) -> None:
    """End all runs that this process began, within `seconds` where they are given."""
    runs = open_runs()
    # First on the disk: the process can be killed while it delivers.
    for run in runs:
        if not run.is_ending:
            run.note_end(reason)
    end = None if seconds is None else time.monotonic() + seconds
    for run in runs:
        left = None if end is None else max(0.0, end - time.monotonic())
        try:
            run.conclude(reason, left)
        except (StudioError, OSError) as error:
            _print_error(f"Run Studio: run {run.id} was not ended: {error}")


def _print_error(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        (sys.__stderr__ or sys.stderr).write(f"{text}\n")


def _end_by_sigterm(number: int, _frame: FrameType | None) -> None:
    """End the runs as Canceled, and then the process as without this handler."""
    end_open_runs(ExitReason(RunStatus.CANCELED, "SIGTERM"), SIGTERM_SECONDS)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _hold_sigterm() -> None:
    """Python forgets a signal that reaches a child before it has its own handlers."""
    if signal.getsignal(signal.SIGTERM) is _end_by_sigterm:
        _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _release_sigterm() -> None:
    mask = vars(_forking).pop("mask", None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _reset_after_fork() -> None:
    """A forked child ends by SIGTERM at once: it has no runs of its own yet."""
    with contextlib.suppress(ValueError):
        if signal.getsignal(signal.SIGTERM) is _end_by_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        remove_wakeup()
    _release_sigterm()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_hold_sigterm,
        after_in_parent=_release_sigterm,
        after_in_child=_reset_after_fork,
    )
