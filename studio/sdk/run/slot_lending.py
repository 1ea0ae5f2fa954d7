"""A submitted script that waits for another run lends it its slot."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from studio.core.errors import StudioError
from studio.sdk.run.script_environment import JOINED_VARIABLE, RUN_VARIABLE
from studio.sdk.run.state import RunState


@contextlib.contextmanager
def lend_slot(awaited: RunState) -> Iterator[None]:
    """While this block waits for the run, other runs of its tree can use the slot.

    Otherwise a target with one slot would never run the children of a script that
    waits for them.
    """
    own = os.environ.get(RUN_VARIABLE, "")
    is_launched = own and os.environ.get(JOINED_VARIABLE) != own
    if not is_launched or own == awaited.id or awaited.is_final():
        yield
        return
    _report(awaited, own, is_waiting=True)
    try:
        yield
    finally:
        _report(awaited, own, is_waiting=False)


def _report(awaited: RunState, own: str, *, is_waiting: bool) -> None:
    # Not every run has a slot, and a wait needs none.
    with contextlib.suppress(StudioError):
        path = f"runs/{own}/waiting"
        awaited.connection.change("POST", path, {"waiting": is_waiting})
