"""Rows of two logs that are side by side, and where they start and stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.render.logs import LogLine
from runs.search.logs.log_sides import SideLines

#: A line number of each log.
Cursor = tuple[int, int]


@dataclass(frozen=True)
class LogRow:
    """A line of each log; None where a log has no line at this position."""

    left: LogLine | None
    right: LogLine | None


@dataclass(frozen=True)
class LogRows:
    """Rows of the lines from `start` on and before `stop`, of each log.

    With `is_busy`, nothing was searched, because other searches had all turns.
    """

    rows: Sequence[LogRow]
    start: Cursor
    stop: Cursor
    is_busy: bool = False


def lines_of(rows: Sequence[LogRow], side: int) -> list[LogLine]:
    """Return the lines of a log, which is 0 or 1."""
    lines = [row.right if side else row.left for row in rows]
    return [line for line in lines if line is not None]


def start_of(
    rows: Sequence[LogRow], found: Sequence[SideLines], stop: Cursor
) -> Cursor:
    """Return the first lines of rows that have the last ones of `found`."""
    left, right = (_first_of(lines_of(rows, n), found[n], stop[n]) for n in (0, 1))
    return left, right


def stop_of(
    rows: Sequence[LogRow], found: Sequence[SideLines], start: Cursor
) -> Cursor:
    """Return the lines that follow rows which have the first ones of `found`."""
    left, right = (_stop_of(lines_of(rows, n), found[n], start[n]) for n in (0, 1))
    return left, right


def _first_of(used: list[LogLine], found: SideLines, stop: int) -> int:
    if len(used) == len(found.lines):
        # Lines that were left out by a filter are not read again.
        return found.first
    return used[0].number if used else stop


def _stop_of(used: list[LogLine], found: SideLines, start: int) -> int:
    if len(used) == len(found.lines):
        return found.stop
    return used[-1].number + 1 if used else start
