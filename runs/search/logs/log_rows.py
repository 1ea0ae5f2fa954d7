"""A row of two logs that are side by side, and where rows start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.render.logs import LogLine

#: A line number of each log.
Cursor = tuple[int, int]


@dataclass(frozen=True)
class LogRow:
    """A line of each log; None where a log has no line at this position."""

    left: LogLine | None
    right: LogLine | None


def lines_of(rows: Sequence[LogRow], side: int) -> list[LogLine]:
    """Return the lines of a log, which is 0 or 1."""
    lines = [row.right if side else row.left for row in rows]
    return [line for line in lines if line is not None]


def start_of(rows: Sequence[LogRow], stop: Cursor) -> Cursor:
    """Return the first lines of rows that end before `stop`."""
    lines = [lines_of(rows, n) for n in (0, 1)]
    left, right = (own[0].number if own else stop[n] for n, own in enumerate(lines))
    return left, right


def stop_of(rows: Sequence[LogRow], start: Cursor) -> Cursor:
    """Return the lines that follow rows which begin at `start`."""
    lines = [lines_of(rows, n) for n in (0, 1)]
    left, right = (
        own[-1].number + 1 if own else start[n] for n, own in enumerate(lines)
    )
    return left, right
