"""How much was logged, how much arrived, and the one line that says so."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.sdk.delivery.sender import Courier


@dataclass(frozen=True)
class Tally:
    """Of one sort: what the script logged, and what the server has of it."""

    sent: int = 0
    stored: int = 0

    @property
    def missing(self) -> int:
        return max(0, self.sent - self.stored)


@dataclass(frozen=True)
class Loss:
    """What neither the server nor the spool has.

    Changes are requests that waited for the server: tags, properties, the snapshot.
    """

    points: int = 0
    files: int = 0
    log_bytes: int = 0
    changes: int = 0

    @property
    def total(self) -> int:
        return self.points + self.files + self.log_bytes + self.changes

    def words(self) -> str:
        """`5 points, 1 file`."""
        named = zip(_NAMES, (self.points, self.files, self.log_bytes, self.changes))
        return ", ".join(counted(count, name) for name, count in named if count)


_NAMES = ("point", "file", "log byte", "change")


@dataclass(frozen=True)
class Receipt:
    """What became of all that a writer logged.

    `waiting` is what lies in the spool still, to be delivered later.
    """

    run_id: str
    points: Tally = Tally()
    files: Tally = Tally()
    log_bytes: Tally = Tally()
    waiting: int = 0
    #: Of what was not delivered, what is not in the spool either.
    gone: Loss = Loss()

    @property
    def is_whole(self) -> bool:
        return not self.waiting and not self.lost

    @property
    def lost(self) -> int:
        """How many points, files, bytes of logs and changes are lost for good."""
        return self._loss().total

    def line(self) -> str:
        """All of it on one line."""
        sent = Loss(self.points.sent, self.files.sent, self.log_bytes.sent)
        loss = self._loss().words()
        if self.waiting:
            wait = "waits" if self.waiting == 1 else "wait"
            # More than the points are records: what a run says of itself is, too.
            end = f"{counted(self.waiting, 'record')} (points, changes, the end) {wait}"
            end += " in the spool"
            end += f"; lost: {loss}" if loss else ""
        else:
            end = f"missing: {loss}" if loss else "all stored"
        return f"Run {self.run_id}: {sent.words() or 'nothing logged'}; {end}."

    def _loss(self) -> Loss:
        """What the server lacks where all is delivered, else what the spool lacks."""
        if self.waiting:
            return self.gone
        missing = (self.points.missing, self.files.missing, self.log_bytes.missing)
        return Loss(*missing, self.gone.changes)


def counted(count: int, noun: str) -> str:
    """`1 point`, `2,000 points`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def tally_of(told: dict[str, Any]) -> Tally:
    """A tally as the server tells it."""
    return Tally(int(told["sent"]), int(told["stored"]))


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
