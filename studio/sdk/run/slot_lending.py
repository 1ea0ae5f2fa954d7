"""A submitted script that waits for another run lends it its slot."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from studio.core.errors import StudioError
from studio.sdk.run.script_environment import JOINED_VARIABLE, RUN_VARIABLE
from studio.sdk.run.state import RunState


class LentSlot:
    """What a wait of this process for another run does with the slot of its own run."""

    def __init__(self, awaited: RunState, own: str) -> None:
        """Without `own`, there is no slot to lend."""
        self._awaited, self._own = awaited, own

    def report(self) -> None:
        """Report the wait. Repeated, since a report can fail or be forgotten."""
        self._send(is_waiting=True)

    def end(self) -> None:
        self._send(is_waiting=False)

    def _send(self, *, is_waiting: bool) -> None:
        if not self._own:
            return
        # Not every run has a slot, and a wait needs none.
        with contextlib.suppress(StudioError):
            path = f"runs/{self._own}/waiting"
            self._awaited.connection.change("POST", path, {"waiting": is_waiting})


class _Waits:
    """How many threads of this process wait."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()


_waits = _Waits()


@contextlib.contextmanager
def lend_slot(awaited: RunState) -> Iterator[LentSlot]:
    """While this block waits for the run, other runs of its tree can use the slot.

    Otherwise a target with one slot would never run the children of a script that
    waits for them. The block calls `report` with each of its polls.
    """
    own = os.environ.get(RUN_VARIABLE, "")
    is_launched = own and os.environ.get(JOINED_VARIABLE) != own
    if not is_launched or own == awaited.id or awaited.is_final():
        yield LentSlot(awaited, "")
        return
    lent = LentSlot(awaited, own)
    with _waits.lock:
        _waits.count += 1
    try:
        yield lent
    finally:
        with _waits.lock:
            _waits.count -= 1
            # The slot stays lent while another thread waits.
            if not _waits.count:
                lent.end()
