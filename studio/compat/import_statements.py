"""Recognizes import statements by the code that executes them."""

from __future__ import annotations

from types import FrameType


def is_import_from(frame: FrameType) -> bool:
    """Whether the frame executes `from module import name` now."""
    from opcode import EXTENDED_ARG, opmap

    code, position = frame.f_code.co_code, frame.f_lasti
    # Before Python 3.11 the position is that of a long argument's first part.
    while 0 <= position < len(code) and code[position] == EXTENDED_ARG:
        position += 2
    return 0 <= position < len(code) and code[position] == opmap["IMPORT_FROM"]


def is_importlib(frame: FrameType) -> bool:
    """Whether the frame is of `importlib` while it imports a module."""
    # The name that it has before and after `import importlib`.
    names = ("_frozen_importlib", "importlib._bootstrap")
    return frame.f_globals.get("__name__") in names
