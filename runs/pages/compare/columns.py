"""How the line of each compared run looks, in heads of columns and in charts."""

from __future__ import annotations

from dataclasses import dataclass

from runs.models import Run
from runs.search.query import series_color

#: Dashes of columns, one after the other; solid first.
COLUMN_DASHES = ("", "6 3", "2 3", "8 3 2 3", "12 4")


@dataclass(frozen=True)
class ColumnLine:
    """A color of the series and a dash; empty is solid."""

    series: int
    dash: str


def column_line(position: int, run: Run) -> ColumnLine:
    """Return the line of the run's column at a position from 0."""
    dash = COLUMN_DASHES[position % len(COLUMN_DASHES)]
    return ColumnLine(run.color or series_color(position + 1), dash)
