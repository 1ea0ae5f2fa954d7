"""Why this process ends: normally, by an exception, by `sys.exit`, by a signal.

Python tells its exit handlers neither the exception nor the exit status. So the
exception hook and `sys.exit` are wrapped, and the main module's last instruction shows
whether it ran to its end.
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
from studio.sdk.process.session import cells, is_interactive

#: The exit status of a shell's command that SIGINT or SIGTERM ended.
SIGNAL_CODES = {130: "SIGINT", 143: "SIGTERM"}


#: Those that Python reserves for no kind of tool.
MONITORING_TOOLS = (4, 3)


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
        # The outermost frame of the main thread, such as the script's module.
        self._main: FrameType | None = None

    def install(self) -> None:
        if self._is_installed:
            return
        self._is_installed = True
        self._main = _outermost_frame()
        self._wrap_excepthook()
        self._wrap_exit()
        self._watch_system_exit()

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
        return reason_of_exit_code(self._code)

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
        return error if isinstance(error, BaseException) else None

    def _wrap_exit(self) -> None:
        original = sys.exit

        def exit_noted(status: Any = None, /) -> None:
            self._note_code(status)
            original(status)

        sys.exit = exit_noted  # type: ignore[assignment]
        # `exit()` and `quit()`, which the module `site` adds.
        quitter = type(getattr(builtins, "exit", None))
        if quitter.__name__ == "Quitter":
            quit_originally: Callable[[Any, Any], None] = quitter.__call__

            def call(this: Any, code: Any = None) -> None:
                self._note_code(code)
                quit_originally(this, code)

            quitter.__call__ = call  # type: ignore[method-assign]

    def _watch_system_exit(self) -> None:
        """From Python 3.12 on, note the code of `raise SystemExit(3)`, too.

        It costs a tenth of a microsecond for each exception.
        """
        monitoring: Any = getattr(sys, "monitoring", None)
        for tool in MONITORING_TOOLS if monitoring is not None else ():
            try:
                monitoring.use_tool_id(tool, "run-studio")
            except ValueError:
                # Another program uses it.
                continue
            event = monitoring.events.RAISE
            monitoring.register_callback(tool, event, self._note_raised)
            monitoring.set_events(tool, event)
            return

    def _note_raised(self, _code: object, _offset: int, error: BaseException) -> None:
        if isinstance(error, SystemExit):
            self._note_code(error.code)

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
