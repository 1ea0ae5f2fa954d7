"""The status of a `SystemExit` that a script raises itself, without `sys.exit`."""

from __future__ import annotations

import ast
import linecache
import opcode
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

#: Python reserves the first numbers for debuggers, coverage and profilers.
TOOL_NUMBERS = (4, 3, 5)
TOOL_NAME = "run-studio"


def watch_raised_exits(note: Callable[[object], None]) -> bool:
    """Call `note` with the status of each SystemExit of the main thread.

    Returns False before Python 3.12, which cannot tell.
    """
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return False

    def note_exit(_code: CodeType, _offset: int, error: BaseException) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        if isinstance(error, SystemExit) and is_main:
            note(error.code)

    for number in TOOL_NUMBERS:
        try:
            monitoring.use_tool_id(number, TOOL_NAME)
        except ValueError:
            continue
        events = monitoring.events
        monitoring.register_callback(number, events.RAISE, note_exit)
        monitoring.set_events(number, events.RAISE)
        return True
    return False


def ended_at_raise(frame: FrameType) -> bool:
    """Whether a frame that has ended was left by a `raise` of its own."""
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]] == "RAISE_VARARGS"


def status_in_source(frame: FrameType) -> object:
    """The status of the `raise SystemExit(4)` at which a frame ended.

    None where the source does not name it, as in `raise SystemExit(main())`.
    """
    code = frame.f_code
    line = linecache.getline(code.co_filename, frame.f_lineno or 0)
    # A line such as `if failed: raise SystemExit(4)`.
    _, keyword, text = line.rpartition("raise ")
    try:
        call = ast.parse(keyword + text.strip()).body[0]
    except (SyntaxError, ValueError):
        return None
    made = call.exc if isinstance(call, ast.Raise) else None
    if not isinstance(made, ast.Call) or len(made.args) != 1:
        return None
    is_exit = isinstance(made.func, ast.Name) and made.func.id == "SystemExit"
    status = made.args[0]
    if is_exit and isinstance(status, ast.Constant):
        found: object = status.value
        return found
    return None
