"""The y axis of lines: what diverged stays at the edge, and means of few runs fade."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runs.render.charts import Band, ChartLook, Line, RunLine, line_figure
from runs.render.charts.robust_range import robust_range

FALLING = [3 + 2 * math.exp(-n / 15) for n in range(60)]
DIVERGED = [3 * 10.0 ** min(5 * n, 300) for n in range(60)]


@pytest.mark.parametrize(
    ("lines", "top"),
    [
        ([FALLING, FALLING, FALLING, DIVERGED], 5.2),
        ([FALLING, FALLING, FALLING, [5.0, 4.0, 60.0]], 5.2),
        ([[*FALLING, 1e9]], 5.2),
        # What only begins high, or has two values, is all there is to see.
        ([FALLING], None),
        ([[10 * math.exp(-n) for n in range(99)]] * 4, None),
        ([[1.0, 1.0, 1.0, 1000.0]], None),
        ([[1.0, None, math.nan]], None),
        ([], None),
    ],
)
def test_the_range_is_that_of_most_lines(
    lines: list[list[float | None]], top: float | None
) -> None:
    for log in (False, True):
        found = robust_range(lines, log=log)
        if top is None:
            assert found is None
        elif not log or DIVERGED in lines:
            assert found is not None
            assert 5 <= found[1] <= 1.1 * top


def figure(look: ChartLook, *lines: list[float], bands: list[Band] = []) -> Any:  # noqa: B006
    drawn = []
    for number, values in enumerate(lines, start=1):
        steps = list(range(len(values)))
        drawn.append(RunLine(Line(f"r{number}", steps, steps, values), number))
    return line_figure(drawn, look, bands=bands)


def test_a_diverged_line_ends_at_the_edge_with_its_value() -> None:
    found = figure(ChartLook(), FALLING, FALLING, FALLING, DIVERGED)
    assert found["outside"] == 1
    [mark] = [t for t in found["data"] if t["meta"]["part"] == "odd"]
    assert (mark["x"], mark["text"]) == ([1], ["3e+295"])
    [cut] = [t for t in found["data"] if "customdata" in t]
    assert max(cut["y"]) < 10
    assert max(cut["customdata"]) == 3e295
    whole = figure(ChartLook(is_full=True), FALLING, FALLING, FALLING, DIVERGED)
    assert whole["outside"] == 1
    assert "range" not in whole["layout"]["yaxis"]
    own = figure(ChartLook(y_range=(0, None)), FALLING, FALLING, FALLING, DIVERGED)
    assert own["layout"]["yaxis"]["range"] == [0, None]


def test_a_mean_fades_where_most_runs_have_ended() -> None:
    mean, alive = [0.1, 0.2, 0.8, 1.35, 1.4], [4, 4, 3, 1, 1]
    none = [0.0] * 5
    band = Band(mean, mean, none, alive, alive=alive)
    found = figure(ChartLook(), mean, bands=[band])
    parts = {t["meta"]["part"]: t["y"] for t in found["data"]}
    assert parts["line"] == [0.1, 0.2, 0.8, None, None]
    assert parts["faded"] == [None, None, 0.8, 1.35, 1.4]
    labels = [(note["x"], note["text"]) for note in found["layout"]["annotations"]]
    assert labels == [(0, "n = 4"), (2, "n = 3"), (3, "n = 1")]
    # Two means often begin at the same point: then the legend has their first number.
    found = figure(ChartLook(), mean, mean, bands=[band, band])
    assert [note["x"] for note in found["layout"]["annotations"]] == [2, 3, 2, 3]
    means = [t for t in found["data"] if t["meta"]["part"] == "line"]
    assert [t["meta"]["n"] for t in means] == [4, 4]
