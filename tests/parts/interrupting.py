"""An interrupt at one chosen step, as by Ctrl-C or a notebook's stop button."""

from __future__ import annotations

import dis
import itertools
import sys
from collections.abc import Callable
from functools import cache
from types import CodeType, FrameType
from typing import Any


@cache
def after_steps(code: CodeType) -> set[int]:
    """Where the code goes on after a call, at its beginning, after a jump back."""
    found = set()
    for one, after in itertools.pairwise(dis.get_instructions(code)):
        if one.opname.startswith("JUMP_BACKWARD"):
            found.add(one.argval)
        elif one.opname.startswith(("CALL", "RESUME")):
            found.add(after.offset)
    return found


def happens_at(
    number: int,
    act: Callable[[], object],
    is_looked_at: Callable[[str], bool],
    happens: Callable[[], object],
) -> bool:
    """Runs `act`; after this thread's step of that number `happens`. Whether it did.

    A step is what the interpreter looks for signals after: a call, a jump back. Those
    within the files that `is_looked_at` says count.
    """
    steps = itertools.count()
    did = False

    def step(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal did
        if not is_looked_at(frame.f_code.co_filename):
            return None
        frame.f_trace_opcodes = True
        is_step = event == "opcode" and frame.f_lasti in after_steps(frame.f_code)
        if is_step and next(steps) == number:
            did = True
            happens()
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        act()
    finally:
        sys.settrace(before)
    return did


def interrupted_at(
    number: int, act: Callable[[], object], is_looked_at: Callable[[str], bool]
) -> bool:
    """Runs `act`, stopped by an interrupt after that step; whether it was."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    try:
        happens_at(number, act, is_looked_at, interrupt)
    except KeyboardInterrupt:
        return True
    return False
