"""The signals that end a canceled run's process, and when each of them is due.

The SDK and `studio run` send them and report each; the run's page shows them.
"""

from __future__ import annotations

from enum import Enum

#: Seconds from the moment the process hears of the cancel until SIGTERM and SIGKILL.
TERMINATE_AFTER_SECONDS, KILL_AFTER_SECONDS = 30.0, 60.0
#: How often a client sends a heartbeat: a cancel is heard within five seconds.
HEARTBEAT_SECONDS = 4.0


class CancelSignal(str, Enum):
    """The steps of the ladder, in the order in which they are sent."""

    INTERRUPT = "SIGINT"
    TERMINATE = "SIGTERM"
    KILL = "SIGKILL"

    # Otherwise the text would be `CancelSignal.KILL`.
    def __str__(self) -> str:
        return self.value
