"""How much was logged, how much arrived, how much is lost, and one line about it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from studio.sdk.delivery.writer_queues import WriterQueues

#: In the spool folder.
LOSSES_FILE = "losses.json"


@dataclass(frozen=True)
class Counts:
    """How many points, files or bytes the script sent, and the server stored."""

    sent: int = 0
    stored: int = 0

    @property
    def missing(self) -> int:
        return max(0, self.sent - self.stored)


@dataclass(frozen=True)
class LostData:
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

    def describe(self) -> str:
        """Such as `5 points, 1 file`."""
        parts = (
            (self.points, "point", ""),
            (self.files, "file", ""),
            (self.log_bytes, "byte", " of logs"),
            (self.changes, "change", ""),
        )
        texts = [pluralize(count, noun) + end for count, noun, end in parts if count]
        return ", ".join(texts)


@dataclass(frozen=True)
class Receipt:
    """What became of everything that a writer logged.

    `waiting` is the number of records in the spool, to be delivered later.
    """

    run_id: str
    points: Counts = Counts()
    files: Counts = Counts()
    log_bytes: Counts = Counts()
    waiting: int = 0
    #: What was not delivered and is not in the spool either.
    gone: LostData = LostData()

    @property
    def is_whole(self) -> bool:
        return not self.waiting and not self.lost

    @property
    def lost(self) -> int:
        """How many points, files, bytes of logs and changes are lost forever."""
        return self._count_lost_data().total

    def line(self) -> str:
        """The whole receipt in one line."""
        sent = LostData(self.points.sent, self.files.sent, self.log_bytes.sent)
        loss = self._count_lost_data().describe()
        if self.waiting:
            wait = "waits" if self.waiting == 1 else "wait"
            # Not only points are records: changes and the run's end are, too.
            end = f"{pluralize(self.waiting, 'record')} (points, changes, the end)"
            end += f" {wait} in the spool"
            end += f"; lost: {loss}" if loss else ""
        else:
            end = f"missing: {loss}" if loss else "all stored"
        # Parameters and tags are not counted: a run can have only those.
        parts = [part for part in (sent.describe(), end) if part]
        return f"Run {self.run_id}: {'; '.join(parts)}."

    def _count_lost_data(self) -> LostData:
        """What the server lacks once all is delivered; before, what the spool lacks."""
        if self.waiting:
            return self.gone
        missing = (self.points.missing, self.files.missing, self.log_bytes.missing)
        return LostData(*missing, self.gone.changes)


def pluralize(count: int, noun: str) -> str:
    """Such as `1 point` or `2,000 points`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def read_counts(reply: dict[str, Any]) -> Counts:
    """The counts in a response of the server."""
    return Counts(int(reply["sent"]), int(reply["stored"]))


class LostDataCounter:
    """The losses of one writer, with those of earlier processes.

    Each spool counts what found no room in it. One file has the totals, so writing it
    twice counts nothing twice.
    """

    def __init__(self, queues: WriterQueues) -> None:
        self._queues = queues
        before = {} if queues.is_live else queues.folder.read(LOSSES_FILE)
        self._before = {name: int(count) for name, count in before.items()}
        self._refused_files = 0
        # More than the last piece tells, where later ones found no room.
        queues.log_bytes = max(queues.log_bytes, self._before.get("logged_bytes", 0))

    def add_refused_file(self) -> None:
        """Count a file that was in the spool and that the server refused."""
        self._refused_files += 1
        self.save()

    def save(self) -> None:
        """Write the totals for a later process, if the disk allows it."""
        totals = self._count_totals()
        if any(totals.values()):
            totals["logged_bytes"] = self._queues.log_bytes
            with contextlib.suppress(OSError):
                self._queues.folder.write(LOSSES_FILE, totals)

    def count_points(self, stored: int) -> Counts:
        return Counts(self._queues.rows.appended + self._count_totals()["rows"], stored)

    def count_files(self) -> Counts:
        """Without the files that were refused, or damaged on the disk."""
        totals, files = self._count_totals(), self._queues.files
        not_stored = totals["files_refused"] + totals["files_damaged"]
        return Counts(files.appended + totals["files"], files.delivered - not_stored)

    def count_lost(self) -> LostData:
        """All losses up to now."""
        totals = self._count_totals()
        files = totals["files"] + totals["files_refused"] + totals["files_damaged"]
        points = totals["rows"] + self._queues.rows.damaged
        return LostData(points, files, totals["log_bytes"], totals["requests"])

    def _count_totals(self) -> dict[str, int]:
        queues = self._queues
        here = {
            "rows": queues.rows.lost,
            "files": queues.files.lost,
            "files_refused": self._refused_files,
            "files_damaged": queues.files.damaged,
            "log_bytes": queues.logs.lost,
            "requests": queues.requests.lost + queues.requests.damaged,
        }
        return {name: self._before.get(name, 0) + count for name, count in here.items()}
