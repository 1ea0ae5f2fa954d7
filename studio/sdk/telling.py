"""Sentences for people, on stderr: once each, and never in the way of training."""

from __future__ import annotations

import os
import sys
import warnings

from studio.core.errors import StudioError

_told: set[str] = set()
#: More different warnings than that are one warning too many.
MOST = 200


class StudioWarning(UserWarning):
    """Something that was logged is not kept, or kept differently."""


def warn(sentence: str) -> None:
    """Warn, once per sentence."""
    if sentence in _told or len(_told) >= MOST:
        return
    _told.add(sentence)
    warnings.warn(sentence, StudioWarning, stacklevel=_depth())


def skip(error: StudioError) -> None:
    """What breaks a rule is not logged, and the script goes on.

    With `STUDIO_STRICT=1` it is raised.
    """
    if os.environ.get("STUDIO_STRICT", "") == "1":
        raise error
    warn(f"Not logged: {error.message}")


def say(sentence: str) -> None:
    """A line on stderr, where there is one."""
    if sys.stderr is not None:
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def _depth() -> int:
    """How many frames up the user's own line is."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None:
        if not str(frame.f_globals.get("__name__", "")).startswith("studio."):
            break
        frame, depth = frame.f_back, depth + 1
    return depth
