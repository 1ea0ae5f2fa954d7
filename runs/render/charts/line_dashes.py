"""Dashes distinguish lines of a chart with the same color.

Of selected runs the first five are solid, and each ten use the colors once. Of other
runs with the same color each newer one takes the next dash. On a page whose columns
have heads, and where several metrics share a graph, the place says the dash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

SOLID = "solid"
#: As Plotly reads them: lengths in pixels.
DASHES = (SOLID, "6px,3px", "2px,3px", "8px,3px,2px,3px", "12px,4px")


def dashes_by_age(colors: Mapping[int, int]) -> dict[int, str]:
    """By the runs' keys, which grow with time; `colors` are those of the runs."""
    seen: Counter[int] = Counter()
    found = {}
    for run in sorted(colors):
        found[run] = dash_of_position(seen[colors[run]])
        seen[colors[run]] += 1
    return found


def dash_of_run_number(run_number: int) -> str:
    """Of a selected run by its number, from 1."""
    if run_number > 10:
        return DASHES[2]
    return SOLID if run_number <= 5 else DASHES[1]


def dash_of_position(position: int) -> str:
    """Of a column or a metric by its place, from 0."""
    return DASHES[position % len(DASHES)]
