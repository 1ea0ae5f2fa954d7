"""How threads wake each other where an interrupt may come at any step.

`threading.Event` and `Condition` take their locks in Python: an interrupt in between
leaves them taken, and whoever needs them next waits for ever. One lock of the
interpreter's own is either taken or not.
"""

from __future__ import annotations

import threading


class Bell:
    """Wakes one thread that waits for it. A ring that nobody hears yet is kept."""

    def __init__(self) -> None:
        # Taken while nobody has rung since the last waiting.
        self._silence = threading.Lock()

    def ring(self) -> None:
        try:
            self._silence.release()
        except RuntimeError:
            # It has been rung already.
            return

    def wait(self, seconds: float) -> None:
        """Until it rings, at most so long."""
        self._silence.acquire(timeout=max(0.0, seconds))


class Bells:
    """Wakes all threads that wait."""

    def __init__(self) -> None:
        self._bells: dict[int, Bell] = {}

    def ring(self) -> None:
        for bell in list(self._bells.values()):
            bell.ring()

    def mine(self) -> Bell:
        """The bell of this thread, which is rung with all others from now on."""
        return self._bells.setdefault(threading.get_ident(), Bell())
