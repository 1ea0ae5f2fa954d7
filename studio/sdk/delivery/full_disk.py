"""What is said when the spool takes no more: one sentence, and the script goes on."""

from __future__ import annotations

import time

from studio.sdk.delivery.courier import Courier
from studio.sdk.delivery.notices import tell

EACH_SECONDS = 60.0


class FullDisk:
    """Says it once, and again when a minute later it is still so."""

    def __init__(self) -> None:
        self._next = 0.0

    def warn(self, courier: Courier) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EACH_SECONDS
        spools = (courier.rows, courier.logs, courier.files, courier.requests)
        why = next((str(s.failure.strerror) for s in spools if s.failure), "no room")
        tell(
            f"{courier.place.folder} takes no more ({why}): what is logged now is lost "
            "until there is room. The script goes on."
        )
