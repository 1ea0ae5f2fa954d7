"""The kinds of charts as an address writes them: their fields and options.

`runs.pages.chart_kinds` has what the server does with each, under the same names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChartSpec:
    """How a kind of chart is written: how many fields it draws, and its options.

    `first_runs` is how many runs it draws by default. With `draws_points` it
    draws the points of metrics, and else a value of each run. A run without its first
    `required` fields is not drawn; with 0 it needs any of them.
    """

    name: str
    min_fields: int
    max_fields: int
    first_runs: int
    options: tuple[str, ...] = ()
    draws_points: bool = False
    required: int = 0


#: The numbers of runs that *Show more* leads to.
MORE_RUNS = (100, 500)

CHART_KINDS = {
    spec.name: spec
    for spec in (
        ChartSpec(
            "line",
            1,
            8,
            10,
            ("x", "smooth", "range", "xrange", "legend", "group", "band"),
            draws_points=True,
        ),
        ChartSpec("scatter", 2, 3, 200, ("range", "xrange", "legend"), required=2),
        ChartSpec("bar", 1, 8, 20, ("range", "legend", "group", "band")),
        ChartSpec("histogram", 1, 1, 500, ("bins",)),
        ChartSpec("parallel", 2, 16, 100),
    )
}
#: Options that every kind has.
COMMON_OPTIONS = ("log", "runs")
#: The most fields that a chart of any kind draws.
MAX_FIELDS = max(spec.max_fields for spec in CHART_KINDS.values())
