"""Warnings for the user: each once, and never an obstacle to training."""

from __future__ import annotations

import os
import sys
import warnings

from studio.core.errors import StudioError

#: Later warnings are dropped.
MAX_WARNINGS = 200

_given: set[str] = set()


class StudioWarning(UserWarning):
    """Something that was logged is not kept, or kept differently."""


def warn(sentence: str) -> None:
    """Warn once per sentence."""
    if sentence in _given or len(_given) >= MAX_WARNINGS:
        return
    _given.add(sentence)
    warnings.warn(sentence, StudioWarning, stacklevel=_user_stack_level())


def warn_not_logged(error: StudioError) -> None:
    """Warn that something broke a rule and is not logged.

    With `STUDIO_STRICT=1` the error is raised.
    """
    if os.environ.get("STUDIO_STRICT", "") == "1":
        raise error
    warn(f"Not logged: {error.message}")


def print_line(sentence: str) -> None:
    """Print a line to stderr, if there is one."""
    if sys.stderr is not None:
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def _user_stack_level() -> int:
    """How many frames up the user's own line is."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None:
        if not str(frame.f_globals.get("__name__", "")).startswith("studio."):
            break
        frame, level = frame.f_back, level + 1
    return level
