"""How much was logged, how much arrived, and the one line that says so."""

from __future__ import annotations

from collections.abc import Iterator
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
class Receipt:
    """What became of all that a writer logged.

    `waiting` is what lies in the spool still, to be delivered later; `missing` is what
    neither the server nor the spool has.
    """

    run_id: str
    points: Tally = Tally()
    files: Tally = Tally()
    log_bytes: Tally = Tally()
    waiting: int = 0
    #: Of what was not delivered, how much is not in the spool either.
    gone: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.waiting and not self.lost

    @property
    def lost(self) -> int:
        """How many points, files and bytes of logs are lost for good."""
        if self.waiting:
            return self.gone
        return self.points.missing + self.files.missing + self.log_bytes.missing

    def line(self) -> str:
        """All of it on one line."""
        parts = ", ".join(self._parts()) or "nothing logged"
        if self.waiting:
            wait = "waits" if self.waiting == 1 else "wait"
            end = f"{counted(self.waiting, 'record')} {wait} in the spool"
            end += f", {self.gone:,} lost" if self.gone else ""
        elif self.lost:
            end = f"missing: {', '.join(self._missing())}"
        else:
            end = "all stored"
        return f"Run {self.run_id}: {parts}; {end}."

    def _parts(self) -> Iterator[str]:
        for name, tally in self._named():
            if tally.sent:
                yield counted(tally.sent, name)

    def _missing(self) -> Iterator[str]:
        for name, tally in self._named():
            if tally.missing:
                yield counted(tally.missing, name)

    def _named(self) -> tuple[tuple[str, Tally], ...]:
        return (
            ("point", self.points),
            ("file", self.files),
            ("log byte", self.log_bytes),
        )


def counted(count: int, noun: str) -> str:
    """`1 point`, `2,000 points`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def tally_of(told: dict[str, Any]) -> Tally:
    """A tally as the server tells it."""
    return Tally(int(told["sent"]), int(told["stored"]))
