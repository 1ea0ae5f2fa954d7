"""How far a drain has come, on standard error, where it takes long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from studio.sdk.delivery.counts import counted
from studio.sdk.delivery.notices import tell

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier

FIRST_SECONDS, EACH_SECONDS = 2.0, 5.0


class Progress:
    """Says every few seconds how much is left, from the second second on."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._next = time.monotonic() + FIRST_SECONDS
        self._said = False

    def update(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EACH_SECONDS
        self._said = True
        courier = self._courier
        parts = [
            counted(spool.waiting, name)
            for spool, name in (
                (courier.rows, "point"),
                (courier.logs, "log piece"),
                (courier.files, "file"),
            )
            if spool.waiting
        ]
        what = f"{', '.join(parts) or 'the end'} of run {courier.place.owner.run_id}"
        if courier.trouble is not None:
            tell(f"waiting to deliver {what}: {courier.trouble.message}")
        else:
            tell(f"delivering {what} …")

    def end(self) -> None:
        if self._said and self._courier.is_drained:
            tell("delivered.")
