"""What neither the server nor the disk will ever have of what a writer logged."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from studio.sdk.delivery.counts import Loss, Tally

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier

FILE = "losses.json"


class Losses:
    """The losses of one writer, those of earlier processes among them.

    Each spool counts what found no room in it; all of it stands in one file, as totals,
    so that writing them twice counts nothing twice.
    """

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        before = {} if courier.living else courier.place.read(FILE)
        self._before = {name: int(count) for name, count in before.items()}
        self._files_refused = 0

    def refuse_file(self) -> None:
        """A file was given up that had a number in the spool."""
        self._files_refused += 1
        self.keep()

    def keep(self) -> None:
        """Note them for a later process, where the disk allows it."""
        totals = self._totals()
        if any(totals.values()):
            totals["logged_bytes"] = self._courier.log_bytes
            with contextlib.suppress(OSError):
                self._courier.place.write(FILE, totals)

    @property
    def logged_bytes(self) -> int:
        """How much an earlier process logged where its last pieces found no room."""
        return self._before.get("logged_bytes", 0)

    def points(self, stored: int) -> Tally:
        return Tally(self._courier.rows.appended + self._totals()["rows"], stored)

    def files(self) -> Tally:
        """Of what is delivered some may have been refused, or damaged on the disk."""
        totals, files = self._totals(), self._courier.files
        gone = totals["files_refused"] + totals["files_damaged"]
        return Tally(files.appended + totals["files"], files.done - gone)

    def now(self) -> Loss:
        totals = self._totals()
        files = totals["files"] + totals["files_refused"] + totals["files_damaged"]
        points = totals["rows"] + self._courier.rows.damaged
        return Loss(points, files, totals["log_bytes"], totals["requests"])

    def _totals(self) -> dict[str, Any]:
        courier = self._courier
        here = {
            "rows": courier.rows.lost,
            "files": courier.files.lost,
            "files_refused": self._files_refused,
            "files_damaged": courier.files.damaged,
            "log_bytes": courier.logs.lost,
            "requests": courier.requests.lost + courier.requests.damaged,
        }
        return {name: self._before.get(name, 0) + more for name, more in here.items()}
