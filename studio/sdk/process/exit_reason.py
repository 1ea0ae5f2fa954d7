"""Why this process ends: normally, by an exception, by `sys.exit`, by a signal.

Python tells its exit handlers neither the exception nor the exit status. So the
exception hook and `sys.exit` are wrapped, and the main module's last instruction shows
whether it ran to its end. Python 3.12 and later also report each `raise SystemExit`.
"""

from __future__ import annotations

import builtins
import opcode
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from studio.core.statuses import RunStatus
from studio.sdk.process.raised_exit import (
    ended_at_raise,
    status_in_source,
    watch_raised_exits,
)
from studio.sdk.process.session import cells, is_interactive

#: The exit status of a shell's command that SIGINT or SIGTERM ended.
SIGNAL_CODES = {130: "SIGINT", 143: "SIGTERM"}


@dataclass(frozen=True)
class ExitReason:
    """How the runs of a process end. `error` is an exception that ended it."""

    status: RunStatus
    message: str = ""
    error: BaseException | None = None


COMPLETED = ExitReason(RunStatus.COMPLETED)


def reason_of_exit_code(code: object) -> ExitReason:
    """What `sys.exit(code)` means."""
    if code is None or code == 0:
        return COMPLETED
    if isinstance(code, int):
        if code in SIGNAL_CODES:
            return ExitReason(RunStatus.CANCELED, SIGNAL_CODES[code])
        return ExitReason(RunStatus.FAILED, f"exit code {code}")
    # Python prints any other object, and exits with 1.
    return ExitReason(RunStatus.FAILED, f"{code}\n\nexit code 1")


def reason_of_exception(error: BaseException) -> ExitReason:
    """What an exception means that nothing catches."""
    if isinstance(error, SystemExit):
        return reason_of_exit_code(error.code)
    if isinstance(error, KeyboardInterrupt):
        return ExitReason(RunStatus.CANCELED, type(error).__name__, error)
    return ExitReason(RunStatus.FAILED, "", error)


class ExitWatch:
    """Notes what can become the reason of this process's exit."""

    def __init__(self) -> None:
        self._is_installed = False
        self._error: BaseException | None = None
        self._code: object = None
        # Whether also `raise SystemExit` is noted.
        self._sees_raises = False
        # The outermost frame of the main thread, such as the script's module.
        self._main: FrameType | None = None

    def install(self) -> None:
        if self._is_installed:
            return
        self._is_installed = True
        self._main = _outermost_frame()
        self._wrap_excepthook()
        self._wrap_exit()
        self._sees_raises = watch_raised_exits(self._note_code)

    def reason(self) -> ExitReason:
        """The reason, when the main module has ended."""
        if not self._is_installed:
            return COMPLETED
        error = self._error or self._error_of_replaced_hook()
        if error is not None:
            return reason_of_exception(error)
        if self._main is None or _has_returned(self._main):
            # A `sys.exit` was caught.
            return COMPLETED
        status = self._code
        if not self._sees_raises and ended_at_raise(self._main):
            # What was noted is of an earlier `sys.exit`, which was caught.
            status = status_in_source(self._main)
        return reason_of_exit_code(status)

    def _wrap_excepthook(self) -> None:
        previous = sys.excepthook

        def note_exception(
            kind: type[BaseException],
            error: BaseException,
            trace: TracebackType | None,
        ) -> None:
            previous(kind, error, trace)
            if is_interactive():
                # The prompt stays.
                cells.finish()
            else:
                self._error = error

        self._hook = sys.excepthook = note_exception

    def _error_of_replaced_hook(self) -> BaseException | None:
        """Python sets `sys.last_value`, too, which no other hook can hide."""
        if sys.excepthook is self._hook:
            return None
        error = getattr(sys, "last_value", None)
        trace = getattr(error, "__traceback__", None)
        # Others set it, too: pytest does for errors that it has caught.
        has_left_script = trace is not None and trace.tb_frame is self._main
        return error if has_left_script else None

    def _wrap_exit(self) -> None:
        original = sys.exit

        def exit_noted(status: Any = None, /) -> None:
            self._note_code(status)
            original(status)

        sys.exit = exit_noted  # type: ignore[assignment]
        # A script that began with `from sys import exit`.
        names: dict[str, Any] = vars(sys.modules["__main__"])
        for name in [name for name, value in names.items() if value is original]:
            names[name] = exit_noted
        # `exit()` and `quit()`, which the module `site` adds.
        quitter = type(getattr(builtins, "exit", None))
        if quitter.__name__ == "Quitter":
            quit_originally: Callable[[Any, Any], None] = quitter.__call__

            def call(this: Any, code: Any = None) -> None:
                self._note_code(code)
                quit_originally(this, code)

            quitter.__call__ = call  # type: ignore[method-assign]

    def _note_code(self, code: object) -> None:
        # In another thread it ends only that thread.
        if threading.current_thread() is threading.main_thread():
            self._code = code


def _outermost_frame() -> FrameType | None:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _has_returned(frame: FrameType) -> bool:
    """Whether a frame that has ended ran to its end, and was not left by an error."""
    position, code = frame.f_lasti, frame.f_code.co_code
    if not 0 <= position < len(code):
        return True
    return opcode.opname[code[position]].startswith("RETURN_")


exits = ExitWatch()


def watch_exit() -> None:
    """Note from now on what can become the reason of the exit. Can be repeated."""
    exits.install()
