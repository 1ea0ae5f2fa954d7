"""Differences of views in words that a reader knows from the page."""

from __future__ import annotations

from runs.render.filters.filter_words import difference_lines
from studio.core.view_differences import differences
from studio.core.view_spec import ViewSpec


def texts(old: str, new: str) -> list[str]:
    found = differences(ViewSpec.from_query(old), ViewSpec.from_query(new))
    return [line.text for line in difference_lines(found)]


def test_charts_are_described_by_their_fields() -> None:
    line, other = 'line!metrics."best acc"', "line!metrics.loss!smooth=0.6!log=y"
    assert texts("", f"charts={line}") == ["+chart: lines: best acc"]
    assert texts("", f"charts={other}") == ["+chart: lines: loss (smooth 0.6, log y)"]
    assert texts("charts=scatter!params.lr!metrics.acc", "") == [
        "−chart: scatter: params.lr, acc"
    ]


def test_charts_that_differ_in_one_option_have_different_descriptions() -> None:
    found = texts("charts=line!metrics.loss", "charts=line!metrics.loss!range=0~1")
    assert found == ["−chart: lines: loss", "+chart: lines: loss (range 0~1)"]
