"""How much was logged, how much arrived, and the one line that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
